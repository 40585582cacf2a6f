/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host side's share of a container with a user namespace.  Its root is nobody
 * on the host: it may not search the directories that lead to the root file system
 * and to volumes, and may not map ids on a file system it does not own.  So both
 * are opened, and mapped, before the clone.
 */
#include <errno.h>
#include <fcntl.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/sys.h"
#include "runtime/annotation.h"
#include "runtime/init/init.h"
#include "runtime/init/mount.h"
#include "runtime/init/mount_op.h"
#include "runtime/init/mount_plan.h"
#include "runtime/ns/idmap.h"

/* The user namespace by which a mount maps ids: one with its own mappings, or the container's,
 * which does not exist yet when it is a new one: then another with the same maps. */
static int open_userns(const struct init_job *job, const struct mount_op *op, struct err *e)
{
	const struct spec_linux *l = job->spec->linux_;
	const struct spec_namespace *ns = spec_find_namespace(job->spec, OCI_NS_USER);
	int fd;

	if (op->uids.n > 0)
		return idmap_userns_fd(&op->uids, &op->gids, e);
	if (!ns->path || !ns->path[0])
		return idmap_userns_fd(&l->uid_mappings, &l->gid_mappings, e);
	fd = open(ns->path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", ns->path) : fd;
}

static int map_source(const struct init_job *job, const struct mount_op *op, int tree,
		      struct err *e)
{
	autofd int usernsfd = -1;

	if (!op->mapped)
		return 0;
	usernsfd = open_userns(job, op, e);
	return usernsfd < 0 ? usernsfd : mount_idmap(tree, usernsfd, op->opts.ridmap, e);
}

/* The copy is made in the host's mount namespace, so it is a peer of the host's mount and stays one
 * when it is attached: what the container's root mounts below it would appear on the host. */
static int leave_host(const struct init_job *job, int tree, struct err *e)
{
	const char *word = job->spec->linux_->rootfs_propagation;
	unsigned long flags = mount_leave_host(word && word[0] ? mount_propagation(word) : 0);

	return flags ? mount_propagate(tree, flags, e) : 0;
}

static int open_source(const struct init_job *job, const struct mount_op *op, int *ret_fd,
		       struct err *e)
{
	autofd int fd = mount_source_open(op);
	autofd int tree = -1;
	int r;

	if (fd < 0)
		return err_sys(e, "open the source");
	tree = mount_clone(fd, op->opts.rbind, e);
	/* Without the call init opens the source itself, and can if the way is open to all. */
	if (tree < 0 && sys_is_refused(-tree)) {
		err_clear(e);
		return 0;
	}
	if (tree < 0)
		return tree;
	r = leave_host(job, tree, e);
	if (r >= 0)
		r = map_source(job, op, tree, e);
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&tree);
	return 0;
}

/* A file system whose ids are mapped must not be the container's own: its root would see no other
 * ids by the map than without. */
static int make_mapped(const struct init_job *job, const struct mount_plan *plan,
		       const struct mount_op *op, int *ret_fd, struct err *e)
{
	struct mount_fs fs = mount_op_describe(job, plan, op);
	autofd int tree = mount_fs_tree(&fs, e);
	int r;

	if (tree == -ENOSYS)
		return err_set(e, ENOSYS,
			       "an idmapped file system needs fsopen(2), options without "
			       "'iversion' and of at most 255 bytes");
	r = tree < 0 ? tree : map_source(job, op, tree, e);
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&tree);
	return 0;
}

static int prepare_op(const struct init_job *job, const struct mount_plan *plan, size_t i,
		      int *ret_fd, struct err *e)
{
	const struct mount_op *op = &plan->ops[i];
	int r = 0;

	if (op->kind == MOUNT_OP_BIND) {
		r = open_source(job, op, ret_fd, e);
		return r < 0 ? err_wrap(e, r, "mounts[%zu]: bind '%s' on '%s'", i, op->source,
					op->dest)
			     : 0;
	}
	if (op->kind == MOUNT_OP_NEW && op->mapped)
		r = make_mapped(job, plan, op, ret_fd, e);
	return r < 0 ? err_wrap(e, r, "mounts[%zu]: mount %s on '%s'", i, op->type, op->dest) : 0;
}

int init_prepare_sources(struct init_job *job, struct err *e)
{
	struct mount_plan plan = { 0 };
	int r = mount_plan_make(job->spec, job->bundle, &plan, e);

	if (r < 0)
		return r;
	job->source_fds = xcalloc(plan.n + 1, sizeof(*job->source_fds));
	for (size_t i = 0; i < plan.n; i++)
		job->source_fds[job->n_sources++] = -1;
	for (size_t i = 0; i < plan.n && r >= 0; i++)
		r = prepare_op(job, &plan, i, &job->source_fds[i], e);
	mount_plan_done(&plan);
	return r;
}

/* The root file system as its files are on the disk, seen from inside the user namespace: what
 * belongs to root there belongs to root here, and nothing needs to be chowned. */
static int map_root(struct init_job *job, struct err *e)
{
	const struct spec_linux *l = job->spec->linux_;
	autofd int tree = -1, usernsfd = -1;
	int r;

	if (!job->plan.is_new[OCI_NS_MOUNT] || !job->plan.has[OCI_NS_USER])
		return err_set(e, EINVAL, "needs a user namespace and a new mount namespace");
	tree = mount_clone(job->rootfsfd, true, e);
	r = tree < 0 ? tree : leave_host(job, tree, e);
	if (r < 0)
		return r;
	usernsfd = job->plan.new_userns ? idmap_userns_fd(&l->uid_mappings, &l->gid_mappings, e)
					: open(spec_find_namespace(job->spec, OCI_NS_USER)->path,
					       O_RDONLY | O_CLOEXEC);
	if (usernsfd < 0)
		return job->plan.new_userns ? usernsfd : err_sys(e, "open the user namespace");
	r = mount_idmap(tree, usernsfd, false, e);
	if (r < 0)
		return r;
	job->root_treefd = steal_fd(&tree);
	return 0;
}

static int prepare_root(struct init_job *job, struct err *e)
{
	bool wanted = false;
	int r = annotation_flag(&job->spec->annotations, ANNOTATION_ROOTFS_IDMAP, &wanted, e);

	if (r < 0 || !wanted)
		return r;
	r = map_root(job, e);
	return r < 0 ? err_wrap(e, r, "annotations.%s: root file system",
				annotation_key(ANNOTATION_ROOTFS_IDMAP))
		     : 0;
}

int init_prepare(struct init_job *job, struct err *e)
{
	int r;

	job->homefd = -1;
	job->root_treefd = -1;
	if (job->kind != INIT_CREATE)
		return 0;
	r = prepare_root(job, e);
	if (r < 0)
		return r;
	if (!job->plan.has[OCI_NS_USER])
		return 0;
	job->homefd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* A working directory moves along with CLONE_NEWNS; a descriptor stays behind. */
	if (job->homefd < 0 || fchdir(job->rootfsfd) < 0)
		return err_sys(e, "enter the root file system");
	return job->plan.has[OCI_NS_MOUNT] ? init_prepare_sources(job, e) : 0;
}

void init_prepare_undo(struct init_job *job)
{
	if (job->homefd >= 0)
		(void)!fchdir(job->homefd);
	close_at_exit(&job->homefd);
	for (size_t i = 0; i < job->n_sources; i++)
		close_at_exit(&job->source_fds[i]);
	free(job->source_fds);
	close_at_exit(&job->root_treefd);
	job->homefd = job->root_treefd = -1;
	job->source_fds = NULL;
	job->n_sources = 0;
}
