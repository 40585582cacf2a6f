/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's groups will be.  Nothing on the system is changed here. */
#include <errno.h>
#include <fcntl.h>

#include "libutil/file.h"
#include "libutil/path.h"
#include "runtime/cgroup/apply.h"
#include "runtime/cgroup/devices.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/systemd.h"

#define MOUNTINFO_MAX   ((size_t)4 << 20)
#define PROC_CGROUP_MAX 65536

struct search {
	struct cgroup *cg;
	const char *wanted; /* cgroupsPath, or the id */
	const char *own;    /* text of /proc/self/cgroup */
};

/* The mount may show only a part of the hierarchy (a container with bind-mounted v1 groups). */
static char *below_mount(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (len > 1 && path_is_below(path, root))
		return xstrdup(path[len] ? path + len : "/");
	return xstrdup(path);
}

static bool may_make_groups(const char *path)
{
	autofree char *dir = path_join(CGROUP_ROOT, path);

	return faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) == 0;
}

/* An ordinary user may have been given his own group and nothing around it: in one below he has no
 * controllers, but can freeze, list and kill. */
static char *v2_base(const struct cgroup *cg, const char *own)
{
	autofree char *parent = path_parent(own);

	if (cg->rootless && !may_make_groups(parent) && may_make_groups(own))
		return xstrdup(own);
	return steal_ptr(&parent);
}

/*
 * Relative and absent paths stand near the caller's own group.  In v2 a group
 * with processes can't have children with controllers, so they stand beside it;
 * in v1 below it, where the caller's limits still hold.
 */
static char *place(const struct search *s, const char *controllers, const char *root)
{
	autofree char *own = NULL, *base = NULL, *rooted = NULL, *lexical = NULL;

	if (path_is_absolute(s->wanted))
		return path_clean(s->wanted);
	own = layout_path_of(s->own, controllers);
	base = below_mount(own && path_is_absolute(own) ? own : "/", root);
	if (s->cg->layout == CGROUP_V2) {
		char *chosen = v2_base(s->cg, base);

		free(base);
		base = chosen;
	}
	/* As a child of "/", so that ".." can't climb out of the caller's place. */
	rooted = path_join("/", s->wanted);
	lexical = path_clean(rooted);
	return path_join(base, lexical + 1);
}

static int add_mount(const char *controllers, const char *mount, const char *root, void *ctx,
		     struct err *e)
{
	struct search *s = ctx;
	autofree char *path = NULL;

	/* What cgroup_layout() did not see is covered by another mount. */
	if (s->cg->layout == CGROUP_V1 && controllers[0] == '\0')
		return 0;
	if (s->cg->rootless && !layout_is_visible(mount))
		return 0;
	/* The same hierarchy may be mounted twice. */
	for (size_t i = 0; i < s->cg->n; i++)
		if (streq(s->cg->trees[i].controllers, controllers))
			return 0;
	path = place(s, controllers, root);
	if (streq(path, "/"))
		return err_set(e, EINVAL, "linux.cgroupsPath: '%s' is the root of the hierarchy",
			       s->wanted);
	return cgroup_add_tree(s->cg, controllers, mount, path, e);
}

static int find_trees(struct search *s, struct err *e)
{
	autofree char *own = NULL, *mounts = NULL;
	int r;

	if (!path_is_absolute(s->wanted)) {
		r = file_read_at(AT_FDCWD, "/proc/self/cgroup", PROC_CGROUP_MAX, &own, NULL, e);
		if (r < 0)
			return r;
		s->own = own;
	}
	if (s->cg->layout == CGROUP_V2)
		return add_mount("", CGROUP_ROOT, "/", s, e);
	r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &mounts, NULL, e);
	if (r < 0)
		return r;
	r = layout_each_mount(mounts, add_mount, s, e);
	if (r < 0)
		return r;
	if (s->cg->n == 0 && !s->cg->rootless)
		return err_set(e, ENOENT,
			       "no cgroup hierarchy is mounted below '%s' (" CGROUP_DO_WITHOUT ")",
			       CGROUP_ROOT);
	return 0;
}

static int find_groups(struct search *s, struct err *e)
{
	int r = cgroup_layout(&s->cg->layout, e);

	/* In an outer container there may be none to see; no more is lost than where none may be
	 * changed. */
	if (r < 0 && s->cg->rootless) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : find_trees(s, e);
}

static int check_limits(const struct cgroup *cg, const struct spec_resources *r, struct err *e)
{
	auto_(limits) struct limits l = { 0 };
	int res = apply_decide(cg, r, &l, e);

	if (res == 0)
		res = apply_check(cg, &l, e);
	return res < 0 ? res : devices_check(cg, r, e);
}

int cgroup_plan(const struct runtime_spec *spec, const char *id, enum cgroup_driver driver,
		bool rootless, struct cgroup **ret, struct err *e)
{
	const struct spec_linux *lx = spec->linux_;
	const char *path = lx && lx->cgroups_path && *lx->cgroups_path ? lx->cgroups_path : id;
	auto_(cgroup) struct cgroup *cg = NULL;
	struct search s = { .wanted = path };
	int r = 0;

	cg = s.cg = cgroup_new(driver, CGROUP_V2, rootless);
	if (driver == CGROUP_FS)
		r = find_groups(&s, e);
	if (driver == CGROUP_SYSTEMD)
		r = cgroup_layout(&cg->layout, e);
	if (r == 0 && driver == CGROUP_SYSTEMD)
		r = systemd_plan(cg, spec, id, e);
	if (r == 0)
		r = apply_learn(cg, e);
	if (r == 0)
		r = check_limits(cg, lx ? lx->resources : NULL, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&cg);
	return 0;
}

int cgroup_each(const struct cgroup *cg, cgroup_hierarchy_fn *fn, void *ctx, struct err *e)
{
	for (size_t i = 0; i < cg->n; i++) {
		const struct cgroup_tree *t = &cg->trees[i];
		int r = fn(t->controllers, t->mount, t->path, ctx, e);

		if (r != 0)
			return r;
	}
	return 0;
}
