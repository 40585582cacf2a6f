/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that are made around a process: the systemd driver's way in. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/file.h"
#include "libutil/path.h"
#include "runtime/cgroup/apply.h"
#include "runtime/cgroup/devices.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/pass_down.h"
#include "runtime/cgroup/systemd.h"

#define GROUP_MODE      0755
#define PROC_CGROUP_MAX 65536

bool cgroup_needs_process(const struct cgroup *cg)
{
	return cg->driver == CGROUP_SYSTEMD;
}

/* A group with processes of its own can't pass controllers on: what the container makes below stays
 * beside it. */
static int move_down(const struct cgroup_tree *t, const char *name, pid_t pid, struct err *e)
{
	autofree char *procs = xasprintf("%s/cgroup.procs", name);
	autofree char *text = xasprintf("%d", (int)pid);

	if (mkdirat(t->fd, name, GROUP_MODE) < 0 && errno != EEXIST)
		return err_sys(e, "make cgroup '%s%s/%s'", t->mount, t->path, name);
	return file_write_at(t->fd, procs, text, e);
}

/* systemd passes on the controllers it knows; hugetlb, rdma and misc are not among them. */
static bool lacks_a_file(const struct cgroup_tree *t, const struct limits *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (faccessat(t->fd, l->v[i].file, F_OK, 0) < 0)
			return true;
	return false;
}

static int set_up(struct cgroup *cg, const struct spec_resources *r, const struct limits *l,
		  pid_t pid, struct err *e)
{
	struct cgroup_tree *t = &cg->trees[0];
	int res = t->fd = tree_open(t, e);

	if (res >= 0 && lacks_a_file(t, l))
		tree_pass_down(t);
	if (res >= 0 && cg->scope->subgroup)
		res = move_down(t, cg->scope->subgroup, pid, e);
	if (res >= 0)
		res = apply_limits(cg, l, NULL, e);
	return res < 0 ? res : devices_apply(cg, r, true, e);
}

int cgroup_make_around(struct cgroup *cg, const struct spec_resources *r, pid_t pid, struct err *e)
{
	auto_(limits) struct limits l = { 0 };
	int res = apply_decide(cg, r, &l, e);

	if (res == 0)
		res = systemd_start(cg, &l, pid, e);
	if (res < 0)
		return res;
	res = set_up(cg, r, &l, pid, e);
	if (res < 0)
		(void)systemd_stop(cg, NULL);
	return res;
}

bool cgroup_can_attach(const struct cgroup *cg)
{
	return cg->scope && cg->scope->user;
}

int cgroup_attach(const struct cgroup *cg, pid_t pid, struct err *e)
{
	return systemd_attach(cg, pid, e);
}

int cgroup_find_self(struct cgroup *cg, struct err *e)
{
	autofree char *text = NULL, *path = NULL;
	int r = file_read_at(AT_FDCWD, "/proc/self/cgroup", PROC_CGROUP_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	path = layout_path_of(text, "");
	if (!path || !path_is_absolute(path) || path_has_dotdot(path))
		return err_set(e, EIO, "'/proc/self/cgroup' names no cgroup of this namespace");
	free(cg->trees[0].path);
	cg->trees[0].path = steal_ptr(&path);
	return 0;
}
