/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that are file systems of their own. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/sys.h"
#include "runtime/init/mount.h"
#include "runtime/init/mount_op.h"

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

struct mount_fs mount_op_describe(const struct init_job *job, const struct mount_plan *plan,
				  const struct mount_op *op)
{
	const char *label = job->spec->linux_ ? job->spec->linux_->mount_label : NULL;
	struct mount_fs fs = {
		.type = op->type,
		.source = op->source,
		.data = op->opts.data,
		.n_data = op->opts.n_data,
		.super_set = op->opts.super_set,
		.attr = op->opts.attr.set,
		.context = label && label[0] && takes_context(op->type) ? label : NULL,
		.context_key = plan->context_key,
		.may_lack_gid = streq(op->type, "devpts"),
	};

	if (is_pseudo(op->type))
		fs.super_set &= ~(1u << MOUNT_SUPER_RO);
	if (op->late_ro)
		fs.attr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	return fs;
}

/*
 * What may not be mounted in a user namespace, the container's or one around us, exists on the
 * host.  Either it belongs to a namespace that this one does not own; or what the host has is
 * partly covered, and the kernel lets nobody mount a new one to look below.  Then the host's will
 * do for sysfs, but its proc and mqueue would show the processes and queues of others.
 */
static const struct fallback_row {
	const char *type;
	const char *path;
	enum oci_namespace owner;
	bool even_if_new;
} fallbacks[] = {
	{ "sysfs", "/sys", OCI_NS_NETWORK, true },
	{ "mqueue", "/dev/mqueue", OCI_NS_IPC, false },
	{ "proc", "/proc", OCI_NS_PID, false },
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

		if (!streq(op->type, fallbacks[i].type) ||
		    (in->job->plan.is_new[fallbacks[i].owner] && !fallbacks[i].even_if_new))
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

/* A tmpfs over a directory of the image is as open as that was; elsewhere, and when a mode is
 * given, the file system's own is right. */
static int mode_of_place(const struct init *in, const struct mount_op *op)
{
	autofd int fd = -1;
	struct stat st;

	if (!streq(op->type, "tmpfs") || has_mode(op))
		return -1;
	fd = beneath_open(in->rootfd, op->dest, O_PATH | O_DIRECTORY, 0, BENEATH_CHROOT, NULL);
	return fd < 0 || fstat(fd, &st) < 0 ? -1 : (int)(st.st_mode & 07777);
}

/* `mode`: of mode_of_place(). */
static int fill(const struct mount_op *op, int mode, int targetfd, int treefd, struct err *e)
{
	int r;

	if (mode >= 0 && fchmodat(treefd, ".", (mode_t)mode, 0) < 0)
		return err_sys(e, "give it the mode of what is there");
	if (!op->opts.tmpcopyup || !streq(op->type, "tmpfs"))
		return 0;
	r = tmpcopyup(targetfd, treefd, has_mode(op), e);
	return r < 0 ? err_wrap(e, r, "copy what was there") : 0;
}

static int new_op_legacy(struct init *in, const struct mount_op *op, const struct mount_fs *fs,
			 int mode, int targetfd, struct err *e)
{
	autofd int placed = -1;
	int r = mount_fs_legacy(fs, targetfd, e);

	if (r < 0)
		return r;
	placed = mount_op_target(in, op, true, e);
	if (placed < 0)
		return placed;
	r = fill(op, mode, targetfd, placed, e);
	if (r >= 0)
		r = mount_op_dress(in, op, placed, e);
	return r < 0 ? r : mount_op_remember(in, op, placed, e);
}

static int new_op_at(struct init *in, const struct mount_op *op, int mode, int targetfd,
		     struct err *e)
{
	struct mount_fs fs = mount_op_describe(in->job, &in->mounts, op);
	int prepared = mount_op_prepared(in, op);
	autofd int tree =
		prepared >= 0 ? fcntl(prepared, F_DUPFD_CLOEXEC, 0) : mount_fs_tree(&fs, e);
	int r;

	/* Who visits a container is not in its pid namespace, and finds no /proc/self for mount(2).
	 */
	if (tree == -ENOSYS && in->job->kind == INIT_EXEC)
		return err_set(
			e, ENOSYS,
			"a running container's needs fsopen(2) of Linux 5.2, options without "
			"'iversion' and of at most 255 bytes");
	if (tree == -ENOSYS)
		return new_op_legacy(in, op, &fs, mode, targetfd, e);
	if (tree < 0)
		return tree;
	r = fill(op, mode, targetfd, tree, e);
	return r < 0 ? r : mount_op_place(in, op, tree, targetfd, e);
}

int mount_op_new(struct init *in, const struct mount_op *op, struct err *e)
{
	/* Before the target is made. */
	int mode = mode_of_place(in, op);
	autofd int targetfd = mount_op_target(in, op, true, e);
	int r;

	if (targetfd < 0)
		return targetfd;
	r = new_op_at(in, op, mode, targetfd, e);
	if ((r == -EPERM || r == -EBUSY) && bind_from_host(in, op, targetfd, NULL) >= 0) {
		err_clear(e);
		return 0;
	}
	if (r == -EPERM && streq(op->type, "proc"))
		return err_set(
			e, EPERM,
			"Operation not permitted (in a user namespace it takes a host whose own "
			"/proc is not covered in part; an outer container must leave it unmasked)");
	return r;
}
