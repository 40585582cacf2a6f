/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of type cgroup and cgroup2: never more than the container's own groups.
 *
 *   pure v2            one cgroup2 mount; without a cgroup namespace (whose root it would
 *                      show) the container's own directory is bound
 *   v1, hybrid         a tmpfs with a directory per hierarchy, and a link for each
 *                      controller of a joint one (cpu -> cpu,cpuacct)
 *   no group           the caller's, read-only, if a cgroup namespace can hide what is above it;
 *                      else an empty directory
 *
 * The whole tree of the host, writable, would be a way out (CVE-2023-25809).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libutil/alloc.h"
#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/path.h"
#include "libutil/sys.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/init/mount.h"
#include "runtime/init/mount_op.h"

#define HIERARCHIES_MAX 32

struct hierarchy {
	char *controllers; /* owned, as the path */
	char *name;        /* of the directory: the mount point's last component */
	char *path;        /* of the container's own group */
};

struct hierarchies {
	struct hierarchy h[HIERARCHIES_MAX];
	size_t n;
	size_t n_v1;
};

static void hierarchies_done(struct hierarchies *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->h[i].controllers);
		free(all->h[i].name);
		free(all->h[i].path);
	}
}
AUTO_DEFINE_DONE(hierarchies, hierarchies_done)

static int collect(const char *controllers, const char *mountpoint, const char *path, void *ctx,
		   struct err *e)
{
	struct hierarchies *all = ctx;

	if (all->n == HIERARCHIES_MAX)
		return err_set(e, E2BIG, "more than %d cgroup hierarchies", HIERARCHIES_MAX);
	all->h[all->n++] = (struct hierarchy){ .controllers = xstrdup(controllers),
					       .name = xstrdup(path_base(mountpoint)),
					       .path = path_join(mountpoint, path) };
	all->n_v1 += controllers[0] != '\0';
	return 0;
}

/* A fresh mount inside a cgroup namespace has the container's group as its root. */
static struct mount_fs describe(const struct mount_op *op, const struct hierarchy *h)
{
	bool v2 = h->controllers[0] == '\0';

	return (struct mount_fs){
		.type = v2 ? "cgroup2" : "cgroup",
		.source = "cgroup",
		.data = v2 ? op->opts.data : (const char *const *)&h->controllers,
		.n_data = v2 ? op->opts.n_data : 1,
		.attr = op->opts.attr.set,
	};
}

static int mount_fresh(const struct mount_op *op, const struct hierarchy *h, int targetfd,
		       struct err *e)
{
	struct mount_fs fs = describe(op, h);
	autofd int tree = mount_fs_tree(&fs, e);

	if (tree == -ENOSYS)
		return mount_fs_legacy(&fs, targetfd, e);
	return tree < 0 ? tree : mount_attach(tree, targetfd, e);
}

static int bind_own(const struct mount_op *op, const struct hierarchy *h, int targetfd,
		    struct err *e)
{
	autofd int fd = open(h->path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open '%s'", h->path);
	return mount_bind(fd, targetfd, false, &op->opts.attr, e);
}

static int mount_hierarchy(const struct init *in, const struct mount_op *op,
			   const struct hierarchy *h, int targetfd, struct err *e)
{
	/* A user namespace may not own the cgroup namespace it joined. */
	if (in->job->plan.has[OCI_NS_CGROUP] && mount_fresh(op, h, targetfd, NULL) >= 0)
		return 0;
	return bind_own(op, h, targetfd, e);
}

static int mount_single(struct init *in, const struct mount_op *op, const struct hierarchy *h,
			struct err *e)
{
	autofd int targetfd = mount_op_target(in, op, true, e);
	autofd int placed = -1;
	int r;

	if (targetfd < 0)
		return targetfd;
	r = mount_hierarchy(in, op, h, targetfd, e);
	if (r < 0 || op->opts.n_propagation == 0)
		return r;
	placed = r = mount_op_target(in, op, true, e);
	for (size_t i = 0; i < op->opts.n_propagation && r >= 0; i++)
		r = mount_propagate(placed, op->opts.propagation[i], e);
	return r < 0 ? r : 0;
}

/* "cpu,cpuacct": a link for each of the two, unless the directory is called so. */
static int link_controllers(int dirfd, const struct hierarchy *h, struct err *e)
{
	auto_(strv) struct strv each = { 0 };

	if (!strchr(h->controllers, ',') || strchr(h->controllers, '='))
		return 0;
	strv_split(&each, h->controllers, ',', true);
	for (size_t i = 0; i < each.n; i++)
		if (!streq(each.v[i], h->name) && symlinkat(h->name, dirfd, each.v[i]) < 0 &&
		    errno != EEXIST)
			return err_sys(e, "link '%s'", each.v[i]);
	return 0;
}

static int mount_member(struct init *in, const struct mount_op *op, const struct hierarchy *h,
			int dirfd, struct err *e)
{
	autofd int targetfd = -1;
	int r;

	if (mkdirat(dirfd, h->name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make directory '%s'", h->name);
	targetfd = openat(dirfd, h->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (targetfd < 0)
		return err_sys(e, "open '%s'", h->name);
	r = mount_hierarchy(in, op, h, targetfd, e);
	return r < 0 ? err_wrap(e, r, "hierarchy '%s'", h->name) : link_controllers(dirfd, h, e);
}

/* The directory that holds the hierarchies: attached first, since mounts go below it. */
static int mount_holder(struct init *in, const struct mount_op *op, struct err *e)
{
	static const char *const data[] = { "mode=755" };
	struct mount_fs fs = { .type = "tmpfs",
			       .source = "cgroup",
			       .data = data,
			       .n_data = 1,
			       .attr = op->opts.attr.set & ~(uint64_t)MOUNT_ATTR_RDONLY };
	autofd int targetfd = mount_op_target(in, op, true, e);
	autofd int tree = -1;
	int r;

	if (targetfd < 0)
		return targetfd;
	tree = mount_fs_tree(&fs, e);
	if (tree != -ENOSYS) {
		r = tree < 0 ? tree : mount_op_place(in, op, tree, targetfd, e);
		return r < 0 ? r : steal_fd(&tree);
	}
	r = mount_fs_legacy(&fs, targetfd, e);
	return r < 0 ? r : mount_op_target(in, op, true, e);
}

static int mount_all(struct init *in, struct mount_op *op, const struct hierarchies *all,
		     struct err *e)
{
	static const struct mount_attrs ro = { .set = MOUNT_ATTR_RDONLY };
	autofd int dirfd = mount_holder(in, op, e);
	int r = dirfd;

	for (size_t i = 0; i < all->n && r >= 0; i++)
		r = mount_member(in, op, &all->h[i], dirfd, e);
	if (r >= 0 && (op->opts.attr.set & MOUNT_ATTR_RDONLY))
		r = mount_change(dirfd, &ro, false, e);
	return r < 0 ? r : 0;
}

/* Without a group of its own the container is in its caller's: its limits may be read there, but
 * other processes are in it too. */
static int mount_without_group(struct init *in, struct mount_op *op, struct err *e)
{
	static const struct hierarchies none;
	struct hierarchy v2 = { .controllers = (char[]){ "" } };
	enum cgroup_layout layout = CGROUP_V1;

	op->opts.attr.set |= MOUNT_ATTR_RDONLY;
	if (in->job->plan.is_new[OCI_NS_CGROUP] && cgroup_layout(&layout, NULL) >= 0 &&
	    layout == CGROUP_V2) {
		autofd int targetfd = mount_op_target(in, op, true, e);

		if (targetfd < 0)
			return targetfd;
		if (mount_fresh(op, &v2, targetfd, NULL) >= 0)
			return 0;
	}
	return mount_all(in, op, &none, e);
}

int mount_op_cgroup(struct init *in, struct mount_op *op, struct err *e)
{
	auto_(hierarchies) struct hierarchies all = { 0 };
	bool only_v2 = streq(op->type, "cgroup2");
	int r = in->job->cgroup ? cgroup_each(in->job->cgroup, collect, &all, e) : 0;

	if (r < 0)
		return r;
	if (all.n == 0)
		return mount_without_group(in, op, e);
	for (size_t i = 0; i < all.n; i++)
		if (all.h[i].controllers[0] == '\0' && (only_v2 || all.n_v1 == 0))
			return mount_single(in, op, &all.h[i], e);
	if (only_v2)
		return err_set(e, ENODEV, "this container has no group in a cgroup v2 hierarchy");
	return mount_all(in, op, &all, e);
}
