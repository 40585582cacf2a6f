/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default filter: what is allowed, by subject.  What is not named is refused
 * with EPERM (and, by runtimes that know the kernel's calls, with ENOSYS when it
 * is newer than all of these).  It allows what docker's and containerd's do
 * today; io_uring is refused as there, for its history of holes, and so are
 * sockets that reach the hypervisor (vsock).  socketcall(2) of 32-bit programs
 * passes its arguments by pointer, where no filter can look.
 */
#include <linux/sched.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "imagetool/bundle/seccomp.h"

#define ENOSYS_NUMBER 38

/* What a new namespace is asked for by, in clone(2)'s flags. */
#define NAMESPACE_FLAGS                                                                            \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET)

#define ALLOW(...)                                                                                 \
	{                                                                                          \
		.action = OCI_ACT_ALLOW, .names = __VA_ARGS__                                      \
	}
#define ALLOW_WITH(cap, ...)                                                                       \
	{                                                                                          \
		.action = OCI_ACT_ALLOW, .capability = cap, .names = __VA_ARGS__                   \
	}
#define ALLOW_IF(name, op_, v1, v2)                                                                \
	{                                                                                          \
		.action = OCI_ACT_ALLOW, .names = name, .n_args = 1,                               \
		.arg = {.index = { true, 0 },                                                      \
			.op = op_,                                                                 \
			.value = { true, v1 },                                                     \
			.value_two = { true, v2 } }                                                \
	}

const struct seccomp_row seccomp_rows[] = {
	/* Processes and threads. */
	ALLOW("execve execveat exit exit_group fork vfork wait4 waitid waitpid pause "
	      "restart_syscall getrandom set_tid_address set_robust_list get_robust_list "
	      "set_thread_area get_thread_area rseq membarrier seccomp prctl getcpu futex "
	      "futex_time64 futex_waitv futex_wait futex_wake futex_requeue pidfd_open "
	      "pidfd_send_signal process_mrelease map_shadow_stack"),
	/* Who and what one is. */
	ALLOW("getpid getppid gettid getpgid getpgrp setpgid getsid setsid getuid getuid32 "
	      "geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 "
	      "getresgid getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 "
	      "setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid "
	      "setresgid32 setgroups setgroups32 setfsuid setfsuid32 setfsgid setfsgid32 "
	      "capget capset umask uname sysinfo"),
	/* Security modules of its own. */
	ALLOW("landlock_create_ruleset landlock_add_rule landlock_restrict_self"),
	/* Scheduling and limits. */
	ALLOW("sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr "
	      "sched_getparam sched_setparam sched_getscheduler sched_setscheduler "
	      "sched_get_priority_max sched_get_priority_min sched_rr_get_interval "
	      "sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set "
	      "getrlimit ugetrlimit setrlimit prlimit64 getrusage times"),
	/* Signals. */
	ALLOW("kill tkill tgkill rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo "
	      "rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait "
	      "rt_sigtimedwait_time64 sigaltstack sigprocmask sigreturn signalfd signalfd4 "
	      "alarm"),
	/* Time. */
	ALLOW("time gettimeofday clock_gettime clock_gettime64 clock_getres "
	      "clock_getres_time64 clock_nanosleep clock_nanosleep_time64 nanosleep "
	      "getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime "
	      "timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime "
	      "timerfd_gettime64 timerfd_settime timerfd_settime64 adjtimex clock_adjtime "
	      "clock_adjtime64"),
	/* Memory. */
	ALLOW("brk mmap mmap2 munmap mremap mprotect madvise msync mincore mlock mlock2 "
	      "mlockall munlock munlockall remap_file_pages memfd_create memfd_secret "
	      "pkey_alloc pkey_free pkey_mprotect mseal cachestat"),
	/* Opening, reading and writing. */
	ALLOW("open openat openat2 creat close close_range read readv pread64 preadv "
	      "preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek readahead "
	      "sendfile sendfile64 splice tee vmsplice copy_file_range fadvise64 "
	      "fadvise64_64 fallocate truncate truncate64 ftruncate ftruncate64 sync syncfs "
	      "fsync fdatasync sync_file_range flock fcntl fcntl64 ioctl dup dup2 dup3 pipe "
	      "pipe2 uretprobe"),
	/* Waiting for descriptors. */
	ALLOW("select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 "
	      "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old "
	      "epoll_pwait epoll_pwait2 eventfd eventfd2 inotify_init inotify_init1 "
	      "inotify_add_watch inotify_rm_watch fanotify_mark io_setup io_destroy "
	      "io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64"),
	/* Files by name. */
	ALLOW("access faccessat faccessat2 stat stat64 lstat lstat64 fstat fstat64 "
	      "fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 chdir fchdir "
	      "getcwd chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 "
	      "fchownat lchown lchown32 link linkat symlink symlinkat readlink readlinkat "
	      "unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir mknod mknodat "
	      "getdents getdents64 utime utimes utimensat utimensat_time64 futimesat "
	      "name_to_handle_at"),
	/* Extended attributes. */
	ALLOW("getxattr getxattrat lgetxattr fgetxattr setxattr setxattrat lsetxattr "
	      "fsetxattr listxattr listxattrat llistxattr flistxattr removexattr "
	      "removexattrat lremovexattr fremovexattr"),
	/* Messages, semaphores and shared memory. */
	ALLOW("ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop "
	      "semtimedop_time64 shmat shmctl shmdt shmget mq_open mq_unlink mq_getsetattr "
	      "mq_notify mq_timedreceive mq_timedreceive_time64 mq_timedsend "
	      "mq_timedsend_time64"),
	/* Sockets that are there; making one is below. */
	ALLOW("socketpair accept accept4 bind connect listen shutdown getsockname "
	      "getpeername getsockopt setsockopt recv recvfrom recvmsg recvmmsg "
	      "recvmmsg_time64 send sendto sendmsg sendmmsg"),
	/* Another process's memory: since Linux 4.8 seccomp is asked after a tracer has its say. */
	ALLOW("ptrace process_vm_readv process_vm_writev"),
	/* Sockets of any family but those to the hypervisor. */
	ALLOW_IF("socket", OCI_CMP_NE, AF_VSOCK, 0),
	ALLOW("socketcall"),

	/* Linux programs, 32-bit ones, either with a kernel that calls itself 2.6, and the question
	 * which it is. */
	ALLOW_IF("personality", OCI_CMP_EQ, PER_LINUX, 0),
	ALLOW_IF("personality", OCI_CMP_EQ, PER_LINUX32, 0),
	ALLOW_IF("personality", OCI_CMP_EQ, UNAME26, 0),
	ALLOW_IF("personality", OCI_CMP_EQ, PER_LINUX32 | UNAME26, 0),
	ALLOW_IF("personality", OCI_CMP_EQ, 0xffffffff, 0),

/* What one architecture has for itself. */
#if defined(__x86_64__) || defined(__i386__)
	ALLOW("arch_prctl modify_ldt"),
#elif defined(__aarch64__) || defined(__arm__)
	ALLOW("arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"),
#elif defined(__powerpc64__)
	ALLOW("sync_file_range2 swapcontext"),
#elif defined(__s390x__)
	ALLOW("s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr"),
#elif defined(__riscv)
	ALLOW("riscv_flush_icache riscv_hwprobe"),
#endif

	/* New threads and processes, but no namespaces.  The flags of clone3(2) are in memory,
	 * where no filter can look: C libraries go back to clone(2) when it seems not to be there.
	 */
	{ .action = OCI_ACT_ALLOW,
	  .capability = "CAP_SYS_ADMIN",
	  .without = true,
	  .names = "clone",
	  .n_args = 1,
#if defined(__s390x__)
	  .arg = { .index = { true, 1 },
#else
	  .arg = { .index = { true, 0 },
#endif
		   .op = OCI_CMP_MASKED_EQ,
		   .value = { true, NAMESPACE_FLAGS },
		   .value_two = { true, 0 } } },
	{ .action = OCI_ACT_ERRNO,
	  .capability = "CAP_SYS_ADMIN",
	  .without = true,
	  .names = "clone3",
	  .errno_ret = ENOSYS_NUMBER },

	/* What the kernel itself asks a capability for. */
	ALLOW_WITH(
		"CAP_SYS_ADMIN",
		"clone clone3 unshare setns mount umount umount2 mount_setattr move_mount open_tree "
		"fsopen fsconfig fsmount fspick statmount listmount quotactl quotactl_fd sethostname "
		"setdomainname bpf perf_event_open fanotify_init lookup_dcookie syslog "
		"lsm_get_self_attr lsm_set_self_attr lsm_list_modules"),
	ALLOW_WITH("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
	ALLOW_WITH("CAP_SYS_BOOT", "reboot"),
	ALLOW_WITH("CAP_SYS_CHROOT", "chroot"),
	ALLOW_WITH("CAP_SYS_MODULE", "init_module finit_module delete_module"),
	ALLOW_WITH("CAP_SYS_PACCT", "acct"),
	ALLOW_WITH("CAP_SYS_PTRACE", "kcmp pidfd_getfd process_madvise"),
	ALLOW_WITH("CAP_SYS_RAWIO", "iopl ioperm"),
	ALLOW_WITH("CAP_SYS_TIME", "settimeofday stime clock_settime clock_settime64"),
	ALLOW_WITH("CAP_SYS_TTY_CONFIG", "vhangup"),
	ALLOW_WITH("CAP_SYS_NICE", "get_mempolicy set_mempolicy set_mempolicy_home_node mbind"),
	ALLOW_WITH("CAP_SYSLOG", "syslog"),
	ALLOW_WITH("CAP_BPF", "bpf"),
	ALLOW_WITH("CAP_PERFMON", "perf_event_open"),
};
const size_t seccomp_n_rows = ARRAY_LEN(seccomp_rows);
