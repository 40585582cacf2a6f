/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/path.h"
#include "runtime/init/live_acts.h"
#include "runtime/init/mount_op.h"
#include "runtime/init/procfs.h"

#define NAME_SIZE 32

static int plan(struct live *l, struct err *e)
{
	int r = mount_plan_make(l->job->spec, l->job->bundle, &l->in.mounts, e);

	for (size_t i = 0; r >= 0 && i < l->in.mounts.n; i++)
		if (streq(l->in.mounts.ops[i].dest, "/"))
			r = err_set(e, EINVAL, "mounts[%zu].destination: '/' holds the container",
				    i);
	return r;
}

/* A proc shows the pid namespace of who mounts it, and we stay out of the container's; a cgroup
 * mount is made of the groups of a container that starts. */
static int check_kind(const struct mount_op *op, struct err *e)
{
	if (op->kind == MOUNT_OP_REMOUNT)
		return err_set(
			e, EOPNOTSUPP,
			"mounts[%zu].options: 'remount' of a running container's mount is not "
			"possible: remove it, then add it with other options",
			op->index);
	if (op->kind == MOUNT_OP_CGROUP || (op->kind == MOUNT_OP_NEW && streq(op->type, "proc")))
		return err_set(e, EOPNOTSUPP,
			       "mounts[%zu].type: '%s' can't be mounted in a running container",
			       op->index, op->type);
	return 0;
}

int live_mount_prepare(struct live *l, struct err *e)
{
	const struct mount_plan *p = &l->in.mounts;
	int r = plan(l, e);

	for (size_t i = 0; r >= 0 && i < p->n; i++)
		r = check_kind(&p->ops[i], e);
	if (r >= 0)
		r = init_prepare_sources(l->in.job, e);
	/* What could not be cloned is left to an init that still sees the host; here nobody does.
	 */
	for (size_t i = 0; r >= 0 && i < p->n; i++)
		if (p->ops[i].kind == MOUNT_OP_BIND && l->in.job->source_fds[i] < 0)
			r = err_set(e, EPERM,
				    "mounts[%zu]: a bind into a running container needs "
				    "open_tree(2) and mount_setattr(2) of Linux 5.12, and the "
				    "right to mount on the host; file systems like tmpfs do not",
				    i);
	return r;
}

int live_unmount_prepare(struct live *l, struct err *e)
{
	return plan(l, e);
}

int live_is_mount(int fd, struct err *e)
{
	struct statx st = { 0 };

	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
		return err_sys(e, "look for a mount");
	/* Linux 5.8; the older ones find out when they unmount. */
	return !(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) ||
	       (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* The directory of our own descriptors in the host's procfs. */
static int open_fds(const struct live *l, struct err *e)
{
	char self[PROCFS_SELF_SIZE], path[2 * NAME_SIZE];
	int r = procfs_self(l->in.procfd, self, e);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/fd", self);
	return procfs_open(l->in.procfd, path, O_RDONLY | O_DIRECTORY, e);
}

/* By our own entry in the host's procfs: umount2(2) takes no descriptor, and a path could be turned
 * to another mount meanwhile. */
int live_detach(const struct live *l, int fd, struct err *e)
{
	char name[NAME_SIZE];
	autofd int fds = open_fds(l, e);

	if (fds < 0)
		return fds;
	(void)snprintf(name, sizeof(name), "%d", fd);
	if (fchdir(fds) < 0 || umount2(name, MNT_DETACH) < 0)
		return err_sys(e, "unmount");
	return 0;
}

static int open_dest(const struct live *l, size_t i, struct err *e)
{
	return beneath_open(l->in.rootfd, l->in.mounts.ops[i].dest, O_PATH, 0, BENEATH_CHROOT, e);
}

static bool is_listed(const struct oci_strings *paths, const char *path)
{
	for (size_t i = 0; i < paths->n; i++)
		if (path_is_below(path, paths->items[i]))
			return true;
	return false;
}

static bool is_a_mount_of_its_own(const struct live *l, const char *path)
{
	const struct spec_mount *m = l->job->all_mounts->items;

	for (size_t i = 0; i < l->job->all_mounts->n; i++) {
		autofree char *rooted = path_join("/", m[i].destination);
		autofree char *clean = path_clean(rooted);

		if (streq(clean, path))
			return true;
	}
	return false;
}

/* The container may have put a link in the way, to have what protects it from its own /proc taken
 * away, or to keep what is meant and lose another; without its root, the next to enter it would
 * find themselves where the mount namespace began. */
static int check_place(const struct live *l, int fd, const char *dest, struct err *e)
{
	char name[NAME_SIZE], path[PATH_MAX];
	autofd int fds = open_fds(l, e);
	ssize_t n;

	if (fds < 0)
		return fds;
	(void)snprintf(name, sizeof(name), "%d", fd);
	n = readlinkat(fds, name, path, sizeof(path) - 1);
	if (n < 0)
		return err_sys(e, "name the place of the mount");
	path[n] = '\0';
	if (streq(path, dest))
		return 0;
	if (streq(path, "/") || path_is_below(path, "/proc") || path_is_below(path, "/sys") ||
	    path_is_below(path, "/dev") || is_a_mount_of_its_own(l, path) ||
	    is_listed(&l->in.linux_->masked_paths, path) ||
	    is_listed(&l->in.linux_->readonly_paths, path))
		return err_set(e, EPERM, "'%s' leads to '%s' now, which is not its own", dest,
			       path);
	return 0;
}

static int detach_dest(const struct live *l, size_t i, struct err *e)
{
	autofd int fd = open_dest(l, i, e);
	int r = fd < 0 ? fd : check_place(l, fd, l->in.mounts.ops[i].dest, e);

	return r < 0 ? r : live_detach(l, fd, e);
}

static void take_back(const struct live *l, size_t n)
{
	while (n-- > 0)
		(void)detach_dest(l, n, NULL);
}

int live_mount(struct live *l, struct err *e)
{
	struct mount_plan *p = &l->in.mounts;

	for (size_t i = 0; i < p->n; i++) {
		int r = mount_op_perform(&l->in, &p->ops[i], e);
		bool made = r >= 0;

		if (r >= 0)
			r = mount_op_finish(&l->in, &p->ops[i], e);
		if (r < 0) {
			take_back(l, i + made);
			return r;
		}
	}
	return 0;
}

/* Last first, as mounts may lie on one another; all are looked at before the first goes. */
int live_unmount(struct live *l, struct err *e)
{
	const struct mount_plan *p = &l->in.mounts;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < p->n; i++) {
		autofd int fd = open_dest(l, i, e);

		r = fd < 0 ? fd : live_is_mount(fd, e);
		if (r > 0)
			r = check_place(l, fd, p->ops[i].dest, e) < 0 ? -EPERM : 1;
		if (r == 0)
			r = err_set(e, EINVAL, "nothing is mounted on '%s' any more",
				    p->ops[i].dest);
	}
	for (size_t i = p->n; r >= 0 && i-- > 0;) {
		r = detach_dest(l, i, e);
		if (r < 0)
			return err_wrap(e, r, "'%s'", p->ops[i].dest);
	}
	return r < 0 ? r : 0;
}
