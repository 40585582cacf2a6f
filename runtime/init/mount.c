/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/sys.h"

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif

/* Linux 5.2 to 5.11 can clone a mount but not give the clone its flags before it is attached. */
static bool can_set_flags(void)
{
	struct mount_attr nothing = { 0 };

	return sys_mount_setattr(-1, "", 0, &nothing, sizeof(nothing)) == 0 ||
	       !sys_is_refused(errno);
}

uint64_t mount_id(int fd)
{
	struct statx st = { 0 };

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 || !(st.stx_mask & STATX_MNT_ID))
		return 0;
	return st.stx_mnt_id;
}

int mount_clone(int fd, bool recursive, struct err *e)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	int tree;

	if (!can_set_flags())
		return err_set(e, ENOSYS, "clone a mount: %s", strerror(ENOSYS));
	tree = sys_open_tree(fd, "", flags | (recursive ? (unsigned)AT_RECURSIVE : 0));
	return tree < 0 ? err_sys(e, "clone a mount") : tree;
}

int mount_attach(int treefd, int targetfd, struct err *e)
{
	if (sys_move_mount(treefd, "", targetfd, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "attach");
	return 0;
}

unsigned long mount_kept_ms(int fd, uint64_t clear)
{
	static const struct {
		unsigned long st, ms;
		uint64_t attr;
	} rows[] = {
		{ ST_RDONLY, MS_RDONLY, MOUNT_ATTR_RDONLY },
		{ ST_NOSUID, MS_NOSUID, MOUNT_ATTR_NOSUID },
		{ ST_NODEV, MS_NODEV, MOUNT_ATTR_NODEV },
		{ ST_NOEXEC, MS_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ ST_NOATIME, MS_NOATIME, MOUNT_ATTR__ATIME },
		{ ST_NODIRATIME, MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
		{ ST_RELATIME, MS_RELATIME, MOUNT_ATTR__ATIME },
	};
	struct statvfs st;
	unsigned long flags = 0;

	if (fstatvfs(fd, &st) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if ((st.f_flag & rows[i].st) && !(clear & rows[i].attr))
			flags |= rows[i].ms;
	return flags;
}

static int change_legacy(int fd, const struct mount_attrs *a, bool recursive, struct err *e)
{
	char path[FD_PATH_SIZE];
	unsigned long flags =
		MS_REMOUNT | MS_BIND | mount_attr_ms(a->set) | mount_kept_ms(fd, a->clear);

	if (recursive)
		return err_set(e, ENOSYS,
			       "recursive mount flags need mount_setattr(2) of Linux 5.12");
	if (mount(NULL, fd_path(fd, path), NULL, flags, NULL) < 0)
		return err_sys(e, "change mount flags");
	return 0;
}

/* A flag that is locked in this user namespace cannot be cleared, and how a mount keeps access
 * times cannot be changed at all; what else is asked to be set still can. */
static bool change_unlocked(int fd, unsigned flags, const struct mount_attrs *a)
{
	const uint64_t times = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
	struct mount_attr attr = {
		.attr_set = a->set,
		.attr_clr = (a->set & MOUNT_ATTR__ATIME) ? MOUNT_ATTR__ATIME : 0,
	};

	if (sys_mount_setattr(fd, "", flags, &attr, sizeof(attr)) == 0)
		return true;
	attr = (struct mount_attr){ .attr_set = a->set & ~times };
	return sys_mount_setattr(fd, "", flags, &attr, sizeof(attr)) == 0;
}

int mount_change(int fd, const struct mount_attrs *a, bool recursive, struct err *e)
{
	struct mount_attr attr = { .attr_set = a->set, .attr_clr = a->clear };
	unsigned flags = AT_EMPTY_PATH | (recursive ? (unsigned)AT_RECURSIVE : 0);

	if (a->set == 0 && a->clear == 0)
		return 0;
	if (sys_mount_setattr(fd, "", flags, &attr, sizeof(attr)) == 0)
		return 0;
	if (errno == EPERM && change_unlocked(fd, flags, a))
		return 0;
	return sys_is_refused(errno) ? change_legacy(fd, a, recursive, e)
				     : err_sys(e, "change mount flags");
}

int mount_propagate(int fd, unsigned long flags, struct err *e)
{
	struct mount_attr attr = { .propagation = flags & ~(unsigned long)MS_REC };
	unsigned at = AT_EMPTY_PATH | (flags & MS_REC ? (unsigned)AT_RECURSIVE : 0);
	char path[FD_PATH_SIZE];

	if (sys_mount_setattr(fd, "", at, &attr, sizeof(attr)) == 0)
		return 0;
	if (sys_is_refused(errno) && mount(NULL, fd_path(fd, path), NULL, flags, NULL) == 0)
		return 0;
	return err_sys(e, "change propagation");
}

int mount_idmap(int fd, int usernsfd, bool recursive, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP,
				   .userns_fd = (uint64_t)(unsigned)usernsfd };
	unsigned flags = AT_EMPTY_PATH | (recursive ? (unsigned)AT_RECURSIVE : 0);

	if (sys_mount_setattr(fd, "", flags, &attr, sizeof(attr)) == 0)
		return 0;
	if (errno == EINVAL)
		return err_set(e, EINVAL, "map ids: this file system has no idmapped mounts");
	if (errno == EPERM)
		return err_set(e, EPERM,
			       "map ids: that takes CAP_SYS_ADMIN in the user namespace that "
			       "mounted the file system, and a mount without a map");
	return err_sys(e, "map ids");
}

int mount_top(int targetfd, int srcfd, struct err *e)
{
	char link[FD_PATH_SIZE];
	char path[PATH_MAX];
	ssize_t n = readlink(fd_path(targetfd, link), path, sizeof(path) - 1);
	autofd int fd = -1;
	struct stat want;
	struct stat st;

	if (n < 0)
		return err_sys(e, "name the place of a mount");
	path[n] = '\0';
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || fstat(srcfd, &want) < 0)
		return err_sys(e, "open the mount on '%s'", path);
	if (st.st_dev != want.st_dev || st.st_ino != want.st_ino)
		return err_set(e, ESTALE, "the mount on '%s' was replaced meanwhile", path);
	return steal_fd(&fd);
}

int mount_bind_legacy(int fd, int targetfd, bool recursive, struct err *e)
{
	char from[FD_PATH_SIZE];
	char to[FD_PATH_SIZE];

	if (mount(fd_path(fd, from), fd_path(targetfd, to), NULL,
		  MS_BIND | (recursive ? MS_REC : 0), NULL) < 0)
		return err_sys(e, "bind");
	return mount_top(targetfd, fd, e);
}

static int bind_and_change(int fd, int targetfd, bool recursive, const struct mount_attrs *a,
			   struct err *e)
{
	autofd int mounted = mount_bind_legacy(fd, targetfd, recursive, e);

	return mounted < 0 ? mounted : mount_change(mounted, a, false, e);
}

int mount_bind(int fd, int targetfd, bool recursive, const struct mount_attrs *a, struct err *e)
{
	autofd int tree = mount_clone(fd, recursive, e);
	int r;

	if (tree < 0 && sys_is_refused(-tree)) {
		err_clear(e);
		return bind_and_change(fd, targetfd, recursive, a, e);
	}
	if (tree < 0)
		return tree;
	r = mount_change(tree, a, false, e);
	return r < 0 ? r : mount_attach(tree, targetfd, e);
}
