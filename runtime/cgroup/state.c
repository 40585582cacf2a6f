/* SPDX-License-Identifier: Apache-2.0 */
/* The group's places in the state file: callers of later verbs leave out the driver. */
#include <errno.h>

#include "libutil/path.h"
#include "runtime/cgroup/systemd.h"

/* In the order of the enums. */
static const char *const driver_names[] = { "cgroupfs", "systemd", "disabled", NULL };
static const char *const layout_names[] = { "v2", "v1", "hybrid", NULL };
static const struct field_words driver_words = { "cgroup driver", driver_names };
static const struct field_words layout_words = { "cgroup layout", layout_names };

#define TREE(name, member, kind, ...)                                                              \
	FIELD_ROW(struct cgroup_record_tree, member, name, kind, __VA_ARGS__)
static const struct field tree_rows[] = {
	TREE("controllers", controllers, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_KEEP_EMPTY),
	TREE("mount", mount, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_ABSOLUTE),
	TREE("path", path, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_ABSOLUTE),
	TREE("reused", reused, FIELD_BOOL),
};
static const struct field_type tree_type =
	FIELD_TYPE("cgroup tree", struct cgroup_record_tree, tree_rows);

#define ROW(name, member, kind, ...)                                                               \
	FIELD_ROW(struct cgroup_record, member, name, kind, __VA_ARGS__)
static const struct field rows[] = {
	ROW("driver", driver, FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &driver_words),
	ROW("layout", layout, FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &layout_words),
	ROW("rootless", rootless, FIELD_BOOL),
	ROW("unit", unit, FIELD_STRING),
	ROW("userManager", user_manager, FIELD_BOOL),
	ROW("trees", trees, FIELD_OBJECTS, .bits = FIELD_REQUIRED | FIELD_KEEP_EMPTY,
	    .type = &tree_type),
};
const struct field_type cgroup_record_type =
	FIELD_TYPE("cgroup record", struct cgroup_record, rows);

void cgroup_to_record(const struct cgroup *cg, struct arena *a, struct cgroup_record *ret)
{
	struct cgroup_record_tree *trees = arena_alloc(a, cg->n + 1, sizeof(*trees));

	for (size_t i = 0; i < cg->n; i++) {
		const struct cgroup_tree *t = &cg->trees[i];

		trees[i] =
			(struct cgroup_record_tree){ t->controllers, t->mount, t->path, t->reused };
	}
	*ret = (struct cgroup_record){
		.driver = (int)cg->driver + 1,
		.layout = (int)cg->layout + 1,
		.rootless = cg->rootless,
		.trees = { trees, cg->n },
	};
	if (cg->scope)
		systemd_to_record(cg, ret);
}

/* Groups are removed by these paths, so what was tampered with must not lead elsewhere. */
static int add_tree(struct cgroup *cg, const struct cgroup_record_tree *t, struct err *e)
{
	int r;

	if (path_has_dotdot(t->mount) || path_has_dotdot(t->path) ||
	    t->path[strspn(t->path, "/")] == '\0')
		return err_set(e, EBADMSG, "cgroup.trees[%zu]: '%s' '%s' is no group", cg->n,
			       t->mount, t->path);
	r = cgroup_add_tree(cg, t->controllers, t->mount, t->path, e);
	if (r == 0)
		cg->trees[cg->n - 1].reused = t->reused;
	return r;
}

int cgroup_of_record(const struct cgroup_record *rec, struct cgroup **ret, struct err *e)
{
	const struct cgroup_record_tree *trees = rec->trees.items;
	auto_(cgroup) struct cgroup *cg =
		cgroup_new((enum cgroup_driver)(rec->driver - 1),
			   (enum cgroup_layout)(rec->layout - 1), rec->rootless);

	for (size_t i = 0; i < rec->trees.n; i++) {
		int r = add_tree(cg, &trees[i], e);

		if (r < 0)
			return r;
	}
	if (cg->driver == CGROUP_SYSTEMD && systemd_of_record(cg, rec, e) < 0)
		return -EBADMSG;
	*ret = steal_ptr(&cg);
	return 0;
}
