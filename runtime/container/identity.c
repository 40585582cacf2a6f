/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/identity.h"

#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "libutil/cleanup.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

static int gone(pid_t pid, struct err *e)
{
	return err_set(e, ESRCH, "process %d is gone", (int)pid);
}

/* The pidfd comes first: once it is held, the number cannot pass to another process unnoticed, so
 * the start time read afterwards is that of the process the descriptor names. */
static int check_start(pid_t pid, uint64_t start, struct err *e)
{
	uint64_t ticks = 0;
	char state = 0;
	int r = proc_start_time(pid, &ticks, &state, e);

	if (r < 0)
		return r;
	return ticks != start || state == 'Z' || state == 'X' ? gone(pid, e) : 0;
}

/* Since Linux 6.9 no two processes of one boot have pidfds of the same inode: two cheap calls
 * instead of /proc. */
static int check_inode(int fd, pid_t pid, uint64_t inode, struct err *e)
{
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at process %d", (int)pid);
	return st.st_ino != inode || poll(&ended, 1, 0) != 0 ? gone(pid, e) : 0;
}

int identity_open(const struct record *rec, struct err *e)
{
	pid_t pid = (pid_t)rec->pid.v;
	autofd int fd = sys_pidfd_open(pid, 0);
	int r;

	if (fd < 0 && (errno == ESRCH || errno == EINVAL))
		return gone(pid, e);
	if (fd < 0)
		return err_sys(e, "open process %d", (int)pid);
	r = rec->pidfd_inode.set ? check_inode(fd, pid, rec->pidfd_inode.v, e)
				 : check_start(pid, rec->start_time.v, e);
	return r < 0 ? r : steal_fd(&fd);
}

static bool is_on(int fd, unsigned long magic)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == magic;
}

/* Numbers of processes and inodes grow together: in the next boot the same pair is sure to come
 * again.  In memory no record lives that long. */
void identity_inode(int pidfd, int dirfd, struct opt_u64 *ret)
{
	struct stat st;

	ret->set =
		is_on(dirfd, TMPFS_MAGIC) && is_on(pidfd, PID_FS_MAGIC) && fstat(pidfd, &st) == 0;
	ret->v = ret->set ? st.st_ino : 0;
}
