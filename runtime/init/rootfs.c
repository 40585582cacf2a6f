/* SPDX-License-Identifier: Apache-2.0 */
/* From a directory of the host to a mount tree of the container's own. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/path.h"
#include "libutil/sys.h"
#include "runtime/init/mount.h"
#include "runtime/init/mount_op.h"
#include "runtime/init/stage.h"

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x00002000
#endif

/* linux.rootfsPropagation as flags; 0: absent. */
static int wanted_propagation(const struct init *in, unsigned long *ret, struct err *e)
{
	const char *word = in->linux_->rootfs_propagation;

	*ret = word && word[0] ? mount_propagation(word) : 0;
	if (word && word[0] && *ret == 0)
		return err_set(e, EINVAL, "linux.rootfsPropagation: unknown propagation '%s'",
			       word);
	return 0;
}

/* The root file system as this mount namespace knows it; see init.h. */
static int open_root(const struct init *in, struct err *e)
{
	autofd int fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofree char *path = NULL;
	struct stat want;
	struct stat st;

	if (fstat(in->job->rootfsfd, &want) < 0)
		return err_sys(e, "stat the root file system");
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == want.st_dev && st.st_ino == want.st_ino)
		return steal_fd(&fd);
	if (fd >= 0)
		(void)close(steal_fd(&fd));
	path = path_is_absolute(in->spec->root->path)
		       ? xstrdup(in->spec->root->path)
		       : path_join(in->job->bundle, in->spec->root->path);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open the root file system '%s'", path);
	/* In a mount namespace that was joined by path the name may mean another directory. */
	if (!in->job->plan.is_new[OCI_NS_MOUNT])
		return steal_fd(&fd);
	if (st.st_dev != want.st_dev || st.st_ino != want.st_ino)
		return err_set(e, ESTALE, "the root file system '%s' was replaced meanwhile", path);
	return steal_fd(&fd);
}

/* The mount the root lies in must not be shared: attaching below it would show on the host, and
 * pivot_root(2) refuses.  Walks up to where it is mounted. */
static int make_parent_private(int rootfd, struct err *e)
{
	autofd int fd = fcntl(rootfd, F_DUPFD_CLOEXEC, 0);

	while (fd >= 0) {
		struct statx stx;
		int up;

		if (statx(fd, "", AT_EMPTY_PATH, 0, &stx) < 0)
			return err_sys(e, "stat a parent of the root file system");
		if (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			return mount_propagate(fd, MS_PRIVATE, e);
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		(void)close(fd);
		fd = up;
	}
	return err_sys(e, "open a parent of the root file system");
}

/* Mount the directory on itself, so that there is a mount to pivot to. */
static int bind_root(struct init *in, int dirfd, struct err *e)
{
	int prepared = in->job->root_treefd;
	autofd int tree =
		prepared >= 0 ? fcntl(prepared, F_DUPFD_CLOEXEC, 0) : mount_clone(dirfd, true, e);
	int r;

	if (tree < 0 && sys_is_refused(-tree)) {
		err_clear(e);
		in->rootfd = mount_bind_legacy(dirfd, dirfd, true, e);
		return in->rootfd < 0 ? err_wrap(e, in->rootfd, "root file system") : 0;
	}
	if (tree < 0)
		return tree;
	r = mount_attach(tree, dirfd, e);
	if (r < 0)
		return err_wrap(e, r, "root file system");
	in->rootfd = steal_fd(&tree);
	return 0;
}

int rootfs_prepare(struct init *in, struct err *e)
{
	autofd int dirfd = -1;
	unsigned long propagation = 0;
	int r = wanted_propagation(in, &propagation, e);

	if (r < 0)
		return r;
	if (in->job->plan.is_new[OCI_NS_MOUNT]) {
		in->shares_mounts = propagation & MS_SHARED;
		/* First of all mounts; see mount_leave_host(). */
		r = chroot_propagate(in, mount_leave_host(propagation), e);
		if (r < 0)
			return r;
	}
	dirfd = open_root(in, e);
	if (dirfd < 0)
		return dirfd;
	if (!in->job->plan.is_new[OCI_NS_MOUNT]) {
		in->rootfd = steal_fd(&dirfd);
		return 0;
	}
	if (in->shares_mounts) {
		r = make_parent_private(dirfd, e);
		if (r < 0)
			return r;
	}
	return bind_root(in, dirfd, e);
}

int rootfs_mounts(struct init *in, struct err *e)
{
	for (size_t i = 0; i < in->mounts.n; i++) {
		int r = mount_op_perform(in, &in->mounts.ops[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

int rootfs_finish(struct init *in, struct err *e)
{
	static const struct mount_attrs ro = { .set = MOUNT_ATTR_RDONLY };
	unsigned long propagation = 0;
	int r = wanted_propagation(in, &propagation, e);

	for (size_t i = 0; i < in->mounts.n && r >= 0; i++)
		r = mount_op_finish(in, &in->mounts.ops[i], e);
	/* After the pivot: a shared root could not have been moved. */
	if (r >= 0 && propagation)
		r = mount_propagate(in->rootfd, propagation, e);
	if (r >= 0 && in->spec->root->readonly)
		r = mount_change(in->rootfd, &ro, false, e);
	return r;
}
