/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls the C library lacks (glibc 2.36 and older).  Each returns what
 * the kernel returns, -1 with errno set; see the manual page of that name.
 * A kernel or seccomp filter without the call gives ENOSYS or EPERM: callers
 * that have a fallback ask sys_is_refused(errno).
 */
#ifndef LIBUTIL_SYS_H
#define LIBUTIL_SYS_H

#include <linux/ioctl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "libutil/macro.h"

pid_t sys_clone3(struct clone_args *args, size_t size);
int sys_openat2(int dirfd, const char *path, struct open_how *how, size_t size);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_getfd(int pidfd, int fd, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned flags);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_open_tree(int dirfd, const char *path, unsigned flags);
int sys_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags);
int sys_fsopen(const char *fsname, unsigned flags);
int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned flags, unsigned attr_flags);
int sys_fspick(int dirfd, const char *path, unsigned flags);
int sys_mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr,
		      size_t size);

/* ioctl of a pidfd (Linux 6.13); the first version of its struct, which later kernels take too. */
struct sys_pidfd_info {
	uint64_t mask; /* asked for, and then what is there */
	uint64_t cgroupid;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define SYS_PIDFD_GET_INFO  _IOWR(0xFF, 11, struct sys_pidfd_info)
#define SYS_PIDFD_INFO_EXIT (UINT64_C(1) << 3) /* Linux 6.15 */

static inline bool sys_is_refused(int error)
{
	return error == 38 /* ENOSYS */ || error == 1 /* EPERM */;
}

#endif
