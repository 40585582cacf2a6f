/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller in a chroot.  Its "/" is a directory inside a mount, which takes no
 * propagation and which pivot_root(2) does not go from.  The root of the mount
 * namespace can do both, and setns(2) into the namespace that this process is in
 * already goes there.  Until the pivot the caller's root is still what paths mean,
 * so this process goes back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "runtime/init/stage.h"

/* Kernels before 5.8 do not tell; there a chroot is found out by what fails. */
bool chroot_is_one(void)
{
	struct statx stx;

	if (statx(AT_FDCWD, "/", 0, 0, &stx) < 0 ||
	    !(stx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return false;
	return !(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int chroot_leave(struct err *e)
{
	autofd int nsfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	if (nsfd < 0)
		return err_sys(e, "leave the caller's chroot: open '/proc/self/ns/mnt' "
				  "(mount proc in the chroot, or make its directory a mount point "
				  "with 'mount --bind DIR DIR' before)");
	if (setns(nsfd, CLONE_NEWNS) < 0)
		return err_sys(e, "leave the caller's chroot");
	return 0;
}

int chroot_propagate(unsigned long flags, struct err *e)
{
	autofd int rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofd int cwdfd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (rootfd < 0 || cwdfd < 0)
		return err_sys(e, "open the caller's root");
	r = chroot_leave(e);
	if (r < 0)
		return r;
	if (mount(NULL, "/", NULL, flags, NULL) < 0)
		return err_sys(e, "separate the mounts from the host's");
	if (fchdir(rootfd) < 0 || chroot(".") < 0 || fchdir(cwdfd) < 0)
		return err_sys(e, "return to the caller's chroot");
	return 0;
}
