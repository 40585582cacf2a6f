/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/mount_op.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "libutil/alloc.h"
#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/log.h"
#include "libutil/path.h"
#include "libutil/sys.h"
#include "runtime/init/mount.h"
#include "runtime/init/procfs.h"
#include "runtime/ns/idmap.h"

/* The usual case, a name that is missing in the /dev that was just made, in few calls; everything
 * else is for beneath_make_target(). */
static int make_last(const struct init *in, const char *dest)
{
	autofree char *name = NULL;
	autofd int dirfd = -1;

	if (!starts_with(dest, "/dev/"))
		return -1;
	dirfd = beneath_open_parent(in->rootfd, dest, BENEATH_CHROOT, &name, NULL);
	if (dirfd < 0 || mkdirat(dirfd, name, 0755) < 0)
		return -1;
	return openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* mount_plan.c judges destinations as they are written; a link in the image could still lead one
 * into /proc, so that a volume is taken for it. */
static int check_not_proc(const struct init *in, const struct mount_op *op, int fd, struct err *e)
{
	autofd int plain = -1;
	struct statfs fs;

	if (path_is_below(op->dest, "/proc"))
		return 0;
	if (fstatfs(fd, &fs) < 0)
		return err_sys(e, "stat the destination");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	plain = beneath_open(in->rootfd, op->dest + 1, O_PATH, 0, BENEATH_STRICT, NULL);
	if (plain >= 0)
		return 0;
	return err_set(e, EPERM, "a symbolic link of the image leads it into a proc");
}

static int make_target(struct init *in, const struct mount_op *op, bool want_dir, struct err *e)
{
	autofd int fd = beneath_make_target(in->rootfd, op->dest, want_dir, e);
	int r = fd < 0 ? fd : check_not_proc(in, op, fd, e);

	return r < 0 ? r : steal_fd(&fd);
}

/* The name itself, also when it is a link: what it says is not asked.  Those on the way to it are.
 */
static int open_unfollowed(const struct init *in, const struct mount_op *op, bool want_dir,
			   struct err *e)
{
	autofree char *parent = path_parent(op->dest);
	const char *name = path_base(op->dest);
	autofd int dirfd = beneath_mkdir_p(in->rootfd, parent, 0755, BENEATH_CHROOT, e);
	autofd int made = -1, fd = -1;
	int r;

	if (dirfd < 0)
		return dirfd;
	if (want_dir)
		(void)mkdirat(dirfd, name, 0755);
	else
		made = openat(dirfd, name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0644);
	fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%s'", op->dest);
	r = check_not_proc(in, op, fd, e);
	return r < 0 ? r : steal_fd(&fd);
}

int mount_op_target(struct init *in, const struct mount_op *op, bool want_dir, struct err *e)
{
	int fd;

	if (op->opts.dest_nofollow)
		return open_unfollowed(in, op, want_dir, e);

	if (!op->no_symlinks) {
		fd = want_dir ? make_last(in, op->dest) : -1;
		return fd >= 0 ? fd : make_target(in, op, want_dir, e);
	}
	/* Labels and sysctls are written below these: an image that makes /proc a link would choose
	 * where (CVE-2019-19921, CVE-2023-27561). */
	fd = beneath_mkdir_p(in->rootfd, op->dest + 1, 0755, BENEATH_STRICT, e);
	if (fd == -ELOOP)
		return err_set(e, ELOOP, "the image has a symbolic link there");
	return fd;
}

/* A user namespace may not map ids on what the first one owns: prepare.c did, if it could. */
static int map_ids(const struct init *in, const struct mount_op *op, int treefd, struct err *e)
{
	autofd int usernsfd = -1;

	if (!op->mapped)
		return 0;
	if (init_in_userns(in))
		return err_set(e, EPERM,
			       "map ids: that takes CAP_SYS_ADMIN on the host, and open_tree(2) of "
			       "Linux 5.12");
	usernsfd = idmap_userns_fd(&op->uids, &op->gids, e);
	return usernsfd < 0 ? usernsfd : mount_idmap(treefd, usernsfd, op->opts.ridmap, e);
}

int mount_op_remember(struct init *in, const struct mount_op *op, int treefd, struct err *e)
{
	int fd;

	if (op->kind == MOUNT_OP_NEW && streq(op->dest, "/dev"))
		in->dev_mount = mount_id(treefd);
	if (!streq(op->dest, "/"))
		return 0;
	fd = fcntl(treefd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "keep a descriptor of the root");
	(void)close(in->rootfd);
	in->rootfd = fd;
	return 0;
}

int mount_op_prepared(const struct init *in, const struct mount_op *op)
{
	return op->index < in->job->n_sources ? in->job->source_fds[op->index] : -1;
}

int mount_op_dress(const struct init *in, const struct mount_op *op, int treefd, struct err *e)
{
	/* In a user namespace the host side did it, if it made the tree. */
	int r = mount_op_prepared(in, op) >= 0 ? 0 : map_ids(in, op, treefd, e);

	if (r >= 0)
		r = mount_change(treefd, &op->opts.rec, true, e);
	for (size_t i = 0; i < op->opts.n_propagation && r >= 0; i++)
		r = mount_propagate(treefd, op->opts.propagation[i], e);
	return r;
}

int mount_op_place(struct init *in, const struct mount_op *op, int treefd, int targetfd,
		   struct err *e)
{
	int r = mount_op_dress(in, op, treefd, e);

	if (r >= 0)
		r = mount_attach(treefd, targetfd, e);
	return r < 0 ? r : mount_op_remember(in, op, treefd, e);
}

/* ---- binds ---- */

int mount_source_open(const struct mount_op *op)
{
	bool nofollow = op->opts.src_nofollow || op->opts.copy_symlink;

	return open(op->source, O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0));
}

static int open_source(const struct init *in, const struct mount_op *op, mode_t *ret_type,
		       struct err *e)
{
	int tree = mount_op_prepared(in, op);
	autofd int fd = tree >= 0 ? fcntl(tree, F_DUPFD_CLOEXEC, 0) : mount_source_open(op);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open the source");
	*ret_type = st.st_mode & S_IFMT;
	if (op->procfs_only) {
		int r = procfs_check(fd, e);

		if (r < 0)
			return err_wrap(e, r, "'%s' may not cover '/proc'", op->source);
	}
	return steal_fd(&fd);
}

static int bind_op_legacy(struct init *in, const struct mount_op *op, int srcfd, int targetfd,
			  struct err *e)
{
	autofd int placed = mount_bind_legacy(srcfd, targetfd, op->opts.rbind, e);
	int r = placed < 0 ? placed : mount_change(placed, &op->opts.attr, false, e);

	if (r >= 0)
		r = mount_op_dress(in, op, placed, e);
	return r < 0 ? r : mount_op_remember(in, op, placed, e);
}

/* The same link where the container looks for it; one that is there already may stay. */
static int copy_link(const struct init *in, const struct mount_op *op, int srcfd, struct err *e)
{
	autofree char *parent = path_parent(op->dest);
	autofd int dirfd = beneath_mkdir_p(in->rootfd, parent, 0755, BENEATH_CHROOT, e);
	char want[PATH_MAX] = "", now[PATH_MAX] = "";

	if (dirfd < 0)
		return dirfd;
	if (readlinkat(srcfd, "", want, sizeof(want) - 1) < 0)
		return err_sys(e, "read the link");
	if (symlinkat(want, dirfd, path_base(op->dest)) == 0)
		return 0;
	if (errno == EEXIST && readlinkat(dirfd, path_base(op->dest), now, sizeof(now) - 1) > 0 &&
	    streq(now, want))
		return 0;
	return err_sys(e, "copy the link");
}

static int bind_op(struct init *in, const struct mount_op *op, struct err *e)
{
	autofd int srcfd = -1, targetfd = -1, tree = -1;
	mode_t type = 0;
	int r;

	srcfd = open_source(in, op, &type, e);
	if (srcfd < 0)
		return srcfd;
	if (op->opts.copy_symlink && type == S_IFLNK)
		return copy_link(in, op, srcfd, e);
	if (op->opts.useless)
		log_warning("mounts[%zu].options: '%s' is for file systems and changes nothing "
			    "about a bind mount",
			    op->index, op->opts.useless);
	targetfd = mount_op_target(in, op, type == S_IFDIR, e);
	if (targetfd == -EISDIR)
		return err_set(e, ENOTDIR, "the source is not a directory, the destination is");
	if (targetfd < 0)
		return targetfd;
	tree = mount_op_prepared(in, op) >= 0 ? steal_fd(&srcfd)
					      : mount_clone(srcfd, op->opts.rbind, e);
	if (tree < 0 && sys_is_refused(-tree)) {
		err_clear(e);
		return bind_op_legacy(in, op, srcfd, targetfd, e);
	}
	if (tree < 0)
		return tree;
	r = mount_change(tree, &op->opts.attr, false, e);
	return r < 0 ? r : mount_op_place(in, op, tree, targetfd, e);
}

/* ---- remount ---- */

static int remount_op(struct init *in, const struct mount_op *op, struct err *e)
{
	autofd int fd = beneath_open(in->rootfd, op->dest, O_PATH, 0, BENEATH_CHROOT, e);
	struct mount_fs fs = { .type = op->type,
			       .data = op->opts.data,
			       .n_data = op->opts.n_data,
			       .super_set = op->opts.super_set,
			       .super_clear = op->opts.super_clear,
			       .attr = op->opts.attr.set };
	int r;

	if (fd < 0)
		return fd;
	/* With `bind` the flags of the mount, without it those of the file system as well. */
	r = mount_change(fd, &op->opts.attr, false, e);
	if (r >= 0)
		r = mount_change(fd, &op->opts.rec, true, e);
	if (r >= 0 && !op->opts.bind && (fs.super_set || fs.super_clear || fs.n_data))
		r = mount_fs_reconfigure(&fs, fd, e);
	return r;
}

/* ---- dispatch ---- */

static int perform(struct init *in, struct mount_op *op, struct err *e)
{
	switch (op->kind) {
	case MOUNT_OP_NEW:
		return mount_op_new(in, op, e);
	case MOUNT_OP_BIND:
		return bind_op(in, op, e);
	case MOUNT_OP_CGROUP:
		return mount_op_cgroup(in, op, e);
	case MOUNT_OP_REMOUNT:
		return remount_op(in, op, e);
	}
	return -EINVAL;
}

int mount_op_perform(struct init *in, struct mount_op *op, struct err *e)
{
	int r = perform(in, op, e);

	if (r >= 0)
		return 0;
	if (op->kind == MOUNT_OP_BIND)
		return err_wrap(e, r, "mounts[%zu]: bind '%s' on '%s'", op->index, op->source,
				op->dest);
	return err_wrap(e, r, "mounts[%zu]: %s %s on '%s'", op->index,
			op->kind == MOUNT_OP_REMOUNT ? "remount" : "mount", op->type, op->dest);
}

int mount_op_finish(struct init *in, const struct mount_op *op, struct err *e)
{
	static const struct mount_attrs ro = { .set = MOUNT_ATTR_RDONLY };
	autofd int fd = -1;
	int r;

	if (!op->late_ro)
		return 0;
	fd = beneath_open(in->rootfd, op->dest, O_PATH, 0, BENEATH_CHROOT, e);
	r = fd < 0 ? fd : mount_change(fd, &ro, false, e);
	return r < 0 ? err_wrap(e, r, "mounts[%zu]: make '%s' read-only", op->index, op->dest) : 0;
}
