/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first attempt at what selfexe.h promises, before libc has started: the
 * program is executed again from a read-only clone of its own mount.  libc's start
 * asks the processor dozens of questions (cpuid), each of which a hypervisor
 * answers slowly; made here, the second exec spares one whole start.
 *
 * Nothing is lost when this file gives up: it only saves time.  selfexe_protect()
 * asks the kernel later whether the program is protected, and knows other ways.
 *
 * What runs here must not need libc, relocations or thread-local storage: there
 * are none yet.  Hence system calls by hand, no tables of pointers, no stack
 * protector and no sanitizers (module.am), and the test that the object file has
 * no undefined symbol but _start.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/types.h>
#include <stddef.h>
#include <sys/syscall.h>

#if !defined(__x86_64__)
#error "built for x86_64 only; see configure.ac"
#endif

#define SELF "/proc/self/exe"

/* <sys/statfs.h> has the call behind libc's structure; this is the kernel's. */
struct kernel_statfs {
	long type, bsize;
	unsigned long blocks, bfree, bavail, files, ffree;
	int fsid[2];
	long namelen, frsize, flags, spare[4];
};
#define KERNEL_ST_RDONLY 0x0001L

void selfexe_early(const long *stack);

static long call5(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

static int is_word(const char *arg, const char *word)
{
	while (*arg && *arg == *word) {
		arg++;
		word++;
	}
	return *arg == *word;
}

/* A verb's name as somebody's argument costs a little time and does no harm. */
static int enters_containers(long argc, char *const *argv)
{
	for (long i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (is_word(arg, "create") || is_word(arg, "run") || is_word(arg, "exec") ||
		    is_word(arg, "restore"))
			return 1;
	}
	return 0;
}

static int is_readonly(long statfs_call, long file)
{
	struct kernel_statfs st;

	return call5(statfs_call, file, (long)&st, 0, 0, 0) == 0 && (st.flags & KERNEL_ST_RDONLY);
}

/* `stack` is what the kernel laid there: argc, argv, NULL, envp, NULL. */
void selfexe_early(const long *stack)
{
	long argc = stack[0];
	char *const *argv = (char *const *)(stack + 1);
	char *const *envp = argv + argc + 1;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	long fd;

	if (!enters_containers(argc, argv) || is_readonly(SYS_statfs, (long)SELF))
		return;
	fd = call5(SYS_open_tree, AT_FDCWD, (long)SELF, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);
	if (fd < 0)
		return;
	/* What is not read-only would come here again for ever. */
	if (call5(SYS_mount_setattr, fd, (long)"", AT_EMPTY_PATH, (long)&attr, sizeof(attr)) == 0 &&
	    is_readonly(SYS_fstatfs, fd))
		(void)call5(SYS_execveat, fd, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH);
	(void)call5(SYS_close, fd, 0, 0, 0, 0);
}

/* The program's entry (module.am).  The stack pointer is the kernel's argument and must reach
 * libc's _start unchanged; rdx is a function that libc calls at exit, or 0. */
__asm__(".text\n"
	".globl creel_entry\n"
	".hidden creel_entry\n"
	".type creel_entry, @function\n"
	"creel_entry:\n"
	"	xorl %ebp, %ebp\n"
	"	movq %rsp, %rdi\n"
	"	movq %rsp, %rbx\n"
	"	movq %rdx, %r12\n"
	"	andq $-16, %rsp\n"
	"	call selfexe_early\n"
	"	movq %rbx, %rsp\n"
	"	movq %r12, %rdx\n"
	"	jmp _start\n"
	".size creel_entry, .-creel_entry\n");
