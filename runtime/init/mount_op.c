/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/mount_op.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "libutil/alloc.h"
#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
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

int mount_op_target(struct init *in, const struct mount_op *op, bool want_dir, struct err *e)
{
	int fd;

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

static int open_userns(const struct mount_op *op, struct err *e)
{
	int fd;

	if (op->spec->uid_mappings.n > 0)
		return idmap_userns_fd(&op->spec->uid_mappings, &op->spec->gid_mappings, e);
	fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '/proc/self/ns/user'") : fd;
}

static int map_ids(const struct mount_op *op, int treefd, struct err *e)
{
	bool wanted = op->opts.idmap || op->opts.ridmap || op->spec->uid_mappings.n > 0;
	autofd int usernsfd = -1;

	if (!wanted)
		return 0;
	usernsfd = open_userns(op, e);
	if (usernsfd < 0)
		return usernsfd;
	return mount_idmap(treefd, usernsfd, op->opts.ridmap, e);
}

/* The mount replaces the root itself when it goes on "/"; dev.c wants to know its own again. */
static int remember(struct init *in, const struct mount_op *op, int treefd, struct err *e)
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

/* A tree that the host side opened for us; see prepare.c. */
static int prepared_tree(const struct init *in, const struct mount_op *op)
{
	return op->index < in->job->n_sources ? in->job->source_fds[op->index] : -1;
}

static int prepare_tree(const struct init *in, const struct mount_op *op, int treefd, struct err *e)
{
	/* In a user namespace the host side did it, if it made the tree. */
	int r = prepared_tree(in, op) >= 0 ? 0 : map_ids(op, treefd, e);

	if (r >= 0)
		r = mount_change(treefd, &op->opts.rec, true, e);
	for (size_t i = 0; i < op->opts.n_propagation && r >= 0; i++)
		r = mount_propagate(treefd, op->opts.propagation[i], e);
	return r;
}

int mount_op_place(struct init *in, const struct mount_op *op, int treefd, int targetfd,
		   struct err *e)
{
	int r = prepare_tree(in, op, treefd, e);

	if (r >= 0)
		r = mount_attach(treefd, targetfd, e);
	return r < 0 ? r : remember(in, op, treefd, e);
}

/* ---- binds ---- */

static int open_source(const struct init *in, const struct mount_op *op, bool *ret_dir,
		       struct err *e)
{
	int tree = prepared_tree(in, op);
	autofd int fd =
		tree >= 0 ? fcntl(tree, F_DUPFD_CLOEXEC, 0) : open(op->source, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open the source");
	*ret_dir = S_ISDIR(st.st_mode);
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
		r = prepare_tree(in, op, placed, e);
	return r < 0 ? r : remember(in, op, placed, e);
}

static int bind_op(struct init *in, const struct mount_op *op, struct err *e)
{
	autofd int srcfd = -1, targetfd = -1, tree = -1;
	bool is_dir = false;
	int r;

	srcfd = open_source(in, op, &is_dir, e);
	if (srcfd < 0)
		return srcfd;
	targetfd = mount_op_target(in, op, is_dir, e);
	if (targetfd == -EISDIR)
		return err_set(e, ENOTDIR, "the source is not a directory, the destination is");
	if (targetfd < 0)
		return targetfd;
	tree = prepared_tree(in, op) >= 0 ? steal_fd(&srcfd)
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

/* ---- new file systems ---- */

/* File systems without a device: read-only is a matter of the mount, one call fewer. */
static const char *const pseudo[] = { "devpts", "mqueue", "proc", "sysfs", "tmpfs" };

static bool is_pseudo(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(pseudo); i++)
		if (streq(type, pseudo[i]))
			return true;
	return false;
}

/* Their files take no label by mount option. */
static bool takes_context(const char *type)
{
	return !streq(type, "proc") && !streq(type, "sysfs") && !streq(type, "mqueue");
}

static struct mount_fs describe(const struct init *in, const struct mount_op *op)
{
	const char *label = in->linux_->mount_label;
	struct mount_fs fs = {
		.type = op->type,
		.source = op->source,
		.data = op->opts.data,
		.n_data = op->opts.n_data,
		.super_set = op->opts.super_set,
		.attr = op->opts.attr.set,
		.context = label && label[0] && takes_context(op->type) ? label : NULL,
		.may_lack_gid = streq(op->type, "devpts") && init_in_userns(in),
	};

	if (is_pseudo(op->type))
		fs.super_set &= ~(1u << MOUNT_SUPER_RO);
	if (op->late_ro)
		fs.attr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	return fs;
}

/* What a user namespace may not mount itself, because it owns too little, exists on the host. */
static const struct fallback_row {
	const char *type;
	const char *path;
	enum oci_namespace owner;
} fallbacks[] = {
	{ "sysfs", "/sys", OCI_NS_NETWORK },
	{ "mqueue", "/dev/mqueue", OCI_NS_IPC },
	{ "proc", "/proc", OCI_NS_PID },
};

static int bind_from_host(struct init *in, const struct mount_op *op, int targetfd, struct err *e)
{
	struct mount_attrs attr = op->opts.attr;

	/* The host's /sys holds its cgroups, which a rootless user may own (CVE-2023-25809). */
	attr.set |= MOUNT_ATTR_RDONLY;
	attr.clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	for (size_t i = 0; i < ARRAY_LEN(fallbacks); i++) {
		autofd int src = -1, tree = -1;
		int r;

		if (!streq(op->type, fallbacks[i].type) || !init_in_userns(in) ||
		    in->job->plan.is_new[fallbacks[i].owner])
			continue;
		src = open(fallbacks[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (src < 0)
			return err_sys(e, "open '%s'", fallbacks[i].path);
		/* Mounts below are locked to theirs in a user namespace: only all together. */
		tree = mount_clone(src, true, e);
		if (tree < 0)
			return tree;
		r = mount_change(tree, streq(op->type, "sysfs") ? &attr : &op->opts.attr, true, e);
		return r < 0 ? r : mount_op_place(in, op, tree, targetfd, e);
	}
	return -ENOTSUP;
}

static bool has_mode(const struct mount_op *op)
{
	for (size_t i = 0; i < op->opts.n_data; i++)
		if (strstr(op->opts.data[i], "mode="))
			return true;
	return false;
}

static int fill(const struct mount_op *op, int targetfd, int treefd, struct err *e)
{
	int r;

	if (!op->opts.tmpcopyup || !streq(op->type, "tmpfs"))
		return 0;
	r = tmpcopyup(targetfd, treefd, has_mode(op), e);
	return r < 0 ? err_wrap(e, r, "copy what was there") : 0;
}

static int new_op_legacy(struct init *in, const struct mount_op *op, const struct mount_fs *fs,
			 int targetfd, struct err *e)
{
	autofd int placed = -1;
	int r = mount_fs_legacy(fs, targetfd, e);

	if (r < 0)
		return r;
	placed = mount_op_target(in, op, true, e);
	if (placed < 0)
		return placed;
	r = fill(op, targetfd, placed, e);
	if (r >= 0)
		r = prepare_tree(in, op, placed, e);
	return r < 0 ? r : remember(in, op, placed, e);
}

static int new_op_at(struct init *in, const struct mount_op *op, int targetfd, struct err *e)
{
	struct mount_fs fs = describe(in, op);
	autofd int tree = mount_fs_tree(&fs, e);
	int r;

	if (tree == -ENOSYS)
		return new_op_legacy(in, op, &fs, targetfd, e);
	if (tree < 0)
		return tree;
	r = fill(op, targetfd, tree, e);
	return r < 0 ? r : mount_op_place(in, op, tree, targetfd, e);
}

static int new_op(struct init *in, const struct mount_op *op, struct err *e)
{
	autofd int targetfd = mount_op_target(in, op, true, e);
	int r;

	if (targetfd < 0)
		return targetfd;
	r = new_op_at(in, op, targetfd, e);
	if ((r == -EPERM || r == -EBUSY) && bind_from_host(in, op, targetfd, NULL) >= 0) {
		err_clear(e);
		return 0;
	}
	return r;
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
		return new_op(in, op, e);
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
