/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pty from the container's own devpts.  /dev/pts of an image or a volume can be
 * anything (CVE-2025-52565): the descriptors are asked what they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "runtime/init/mount.h"
#include "runtime/init/stage.h"
#include "runtime/sync/sync.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#define PTMX_MAJOR 5
#define PTMX_MINOR 2
#define PTS_MAJOR  136 /* to 143; devpts hands out 136 */

static int check_device(int fd, unsigned major_, int minor_, const char *what, struct err *e)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", what);
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) ||
	    major(st.st_rdev) != major_ || (minor_ >= 0 && minor(st.st_rdev) != (unsigned)minor_))
		return err_set(e, ENOTTY, "%s is not a terminal device of a devpts", what);
	return 0;
}

static int open_master(const struct init *in, struct err *e)
{
	autofd int dirfd =
		beneath_open(in->rootfd, "/dev/pts", O_PATH | O_DIRECTORY, 0, BENEATH_CHROOT, e);
	autofd int fd = -1;
	int r;

	if (dirfd < 0)
		return dirfd;
	fd = openat(dirfd, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '/dev/pts/ptmx' (is a devpts mounted on /dev/pts?)");
	r = check_device(fd, PTMX_MAJOR, PTMX_MINOR, "'/dev/pts/ptmx'", e);
	return r < 0 ? r : steal_fd(&fd);
}

static int open_slave(int masterfd, struct err *e)
{
	autofd int fd = -1;
	int unlock = 0;
	int r;

	if (ioctl(masterfd, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "unlock the terminal");
	/* By the master, not by a name in /dev/pts. */
	fd = ioctl(masterfd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open the terminal");
	r = check_device(fd, PTS_MAJOR, -1, "the terminal", e);
	return r < 0 ? r : steal_fd(&fd);
}

static int bind_console(struct init *in, struct err *e)
{
	static const struct mount_attrs no_change;
	autofd int target = -1;
	int r;

	if (in->job->kind != INIT_CREATE || in->mounts.dev_is_bind ||
	    !in->job->plan.has[OCI_NS_MOUNT])
		return 0;
	target = beneath_make_target(in->rootfd, "/dev/console", false, e);
	r = target < 0 ? target : mount_bind(in->ptsfd, target, false, &no_change, e);
	return r < 0 ? err_wrap(e, r, "bind the terminal on '/dev/console'") : 0;
}

static int become_stdio(int fd, struct err *e)
{
	if (ioctl(fd, TIOCSCTTY, 0) < 0)
		return err_sys(e, "make it the controlling terminal");
	for (int i = 0; i <= 2; i++)
		if (dup2(fd, i) < 0)
			return err_sys(e, "make it descriptor %d", i);
	return 0;
}

static int setup(struct init *in, struct err *e)
{
	autofd int masterfd = open_master(in, e);
	int r;

	if (masterfd < 0)
		return masterfd;
	in->ptsfd = open_slave(masterfd, e);
	if (in->ptsfd < 0)
		return in->ptsfd;
	r = bind_console(in, e);
	if (r >= 0)
		r = sync_send(in->job->syncfd, SYNC_CONSOLE, 0, masterfd, e);
	return r < 0 ? r : become_stdio(in->ptsfd, e);
}

int console_setup(struct init *in, struct err *e)
{
	int r;

	/* A session of its own, with or without a terminal: signals of the caller's terminal are
	 * not for the container.  EPERM: the caller made one already. */
	if (setsid() < 0 && errno != EPERM)
		return err_sys(e, "setsid");
	if (!in->process->terminal)
		return 0;
	r = setup(in, e);
	return r < 0 ? err_wrap(e, r, "process.terminal") : 0;
}
