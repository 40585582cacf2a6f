/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callers in a chroot, also one into a mount point.  Three things need the mount
 * namespace's own root there, and setns(2) into the namespace that this process is
 * in already goes to it:
 *
 *   propagation   set from "/" it would leave mounts outside the chroot peers of
 *                 the host's, and letting go of them would unmount the host's
 *   pivot_root    from "/" it would change what is mounted at the chroot and leave
 *                 the host's tree the namespace's root, which is where setns(2)
 *                 takes every process that joins later: exec's
 *   a plain directory as "/" takes no propagation and no pivot at all (EINVAL)
 *
 * In between, the caller's root is what paths mean, so this process goes back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "runtime/init/stage.h"

int chroot_leave(struct err *e)
{
	autofd int nsfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	if (nsfd < 0)
		return err_sys(e, "open '/proc/self/ns/mnt'");
	if (setns(nsfd, CLONE_NEWNS) < 0)
		return err_sys(e, "go to the root of the mount namespace");
	return 0;
}

/* Kernels before 5.8 tell no mount ids; there one directory is one root. */
static bool is_root(int fd)
{
	const unsigned want = STATX_INO | STATX_MNT_ID;
	struct statx a, b;

	if (statx(fd, "", AT_EMPTY_PATH, want, &a) < 0 || statx(AT_FDCWD, "/", 0, want, &b) < 0)
		return false;
	return a.stx_ino == b.stx_ino && a.stx_dev_major == b.stx_dev_major &&
	       a.stx_dev_minor == b.stx_dev_minor && a.stx_mnt_id == b.stx_mnt_id;
}

static int propagate(unsigned long flags, struct err *e)
{
	if (flags == 0 || mount(NULL, "/", NULL, flags, NULL) == 0)
		return 0;
	if (errno == EINVAL)
		return err_set(e, EINVAL,
			       "separate the mounts from the host's: '/' is not a mount point, as "
			       "in a chroot, and without CAP_SYS_CHROOT there is no way out of it");
	return err_sys(e, "separate the mounts from the host's");
}

static int go_back(int rootfd, int cwdfd, bool in_chroot, struct err *e)
{
	if (in_chroot && (fchdir(rootfd) < 0 || chroot(".") < 0))
		return err_sys(e, "return to the caller's chroot");
	if (fchdir(cwdfd) < 0)
		return err_sys(e, "return to the working directory");
	return 0;
}

int chroot_propagate(struct init *in, unsigned long flags, struct err *e)
{
	autofd int rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofd int cwdfd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (rootfd < 0 || cwdfd < 0)
		return err_sys(e, "open the root and the working directory");
	r = chroot_leave(e);
	/* Without CAP_SYS_CHROOT: as if this were no chroot, which others take for granted. */
	if (r == -EPERM) {
		err_clear(e);
		return propagate(flags, e);
	}
	if (r < 0)
		return r;
	in->in_chroot = !is_root(rootfd);
	r = propagate(flags, e);
	return r < 0 ? r : go_back(rootfd, cwdfd, in->in_chroot, e);
}
