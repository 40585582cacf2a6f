/* SPDX-License-Identifier: Apache-2.0 */
/* Make the groups, set them up, and take back what was made when that fails. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/cgroup/apply.h"
#include "runtime/cgroup/cpuset.h"
#include "runtime/cgroup/devices.h"
#include "runtime/cgroup/groups.h"
#include "runtime/cgroup/pass_down.h"

#define CONTROLLERS_MAX 512
#define GROUP_MODE      0755

/* mkdir -p below the mount, remembering how much existed. */
static int make_path(struct cgroup_tree *t, struct err *e)
{
	autofree char *dir = tree_dir(t);
	size_t mount = strlen(dir) - strlen(t->path), all = strlen(t->path), at = 0;

	/* Mostly only the last component is missing. */
	if (mkdir(dir, GROUP_MODE) == 0) {
		t->kept = (size_t)(strrchr(t->path, '/') - t->path);
		return 0;
	}
	if (errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return err_sys(e, "make cgroup '%s'", dir);
	while (at < all) {
		size_t end = tree_component_end(t->path, at);
		char next = dir[mount + end];
		int r;

		dir[mount + end] = '\0';
		r = mkdir(dir, GROUP_MODE);
		if (r < 0 && errno != EEXIST)
			return err_sys(e, "make cgroup '%s'", dir);
		if (r == 0 && at < t->kept)
			t->kept = at;
		dir[mount + end] = next;
		at = end;
	}
	return 0;
}

static int has_processes(int parentfd, const char *name, void *ctx UNUSED, struct err *e UNUSED)
{
	autofree char *file = xasprintf("%s/cgroup.procs", name);
	char text[16];

	return tree_read_word(parentfd, file, text, sizeof(text)) > 0;
}

/* With what is below: whoever deletes a container ends all that.  v2 counts, v1 has to be asked. */
static int is_populated(const struct cgroup_tree *t, struct err *e)
{
	if (tree_is_v2(t))
		return tree_read_key(t->fd, "cgroup.events", "populated") > 0;
	if (has_processes(t->fd, ".", NULL, NULL))
		return 1;
	return groups_each(t->fd, has_processes, NULL, e);
}

/* A group that existed may be one prepared for us, but not one in use. */
static int check_unused(const struct cgroup_tree *t, struct err *e)
{
	char text[16];
	int used = is_populated(t, e);

	if (used < 0)
		return used;
	if (used)
		return err_set(e, EEXIST, "cgroup '%s%s' already has processes", t->mount, t->path);
	if ((tree_is_v2(t) && tree_read_key(t->fd, "cgroup.events", "frozen") > 0) ||
	    (tree_has(t, "freezer") &&
	     tree_read_word(t->fd, "freezer.state", text, sizeof(text)) > 0 &&
	     !streq(text, "THAWED")))
		return err_set(e, EBUSY, "cgroup '%s%s' is frozen", t->mount, t->path);
	return 0;
}

/*
 * The way in.  Writing "0" to v1's `tasks` moves the calling thread alone, for
 * which the kernel does not need the lock that holds up every fork and exit of
 * the system; init has only one thread.
 */
static int open_entry(struct cgroup_tree *t, struct err *e)
{
	const char *file = tree_is_v2(t) ? "cgroup.procs" : "tasks";

	t->entryfd = openat(t->fd, file, O_WRONLY | O_CLOEXEC);
	if (t->entryfd < 0)
		return err_sys(e, "open '%s%s/%s'", t->mount, t->path, file);
	return 0;
}

/* `pass_down`: the group needs controllers of the v2 tree. */
static int make_tree(struct cgroup_tree *t, bool pass_down, struct err *e)
{
	int r = make_path(t, e);

	if (r < 0)
		return r;
	if (pass_down && tree_is_v2(t))
		tree_pass_down(t);
	t->fd = tree_open(t, e);
	if (t->fd < 0)
		return t->fd;
	t->reused = t->kept == strlen(t->path);
	if (t->reused) {
		r = check_unused(t, e);
		if (r < 0)
			return r;
	}
	if (tree_has(t, "cpuset")) {
		r = cpuset_inherit(t, e);
		if (r < 0)
			return r;
	}
	return open_entry(t, e);
}

/* Remove what make_path() made, deepest first. */
static void unmake_tree(const struct cgroup_tree *t)
{
	autofree char *dir = tree_dir(t);
	size_t mount = strlen(dir) - strlen(t->path);

	while (strlen(dir) > mount + t->kept && rmdir(dir) == 0)
		*strrchr(dir, '/') = '\0';
}

/* Who is not root may own none, one or all of the hierarchies; limits tell later what is missing.
 */
static bool may_do_without(const struct cgroup *cg, int r)
{
	return cg->rootless && (r == -EACCES || r == -EPERM || r == -EROFS);
}

static void drop_tree(struct cgroup *cg, size_t i)
{
	struct cgroup_tree *t = &cg->trees[i];

	free(t->controllers);
	free(t->mount);
	free(t->path);
	if (t->fd >= 0)
		(void)close(t->fd);
	memmove(t, t + 1, (--cg->n - i) * sizeof(*t));
}

static int make_trees(struct cgroup *cg, bool pass_down, struct err *e)
{
	for (size_t i = 0; i < cg->n;) {
		int r = make_tree(&cg->trees[i], pass_down, e);

		if (may_do_without(cg, r)) {
			unmake_tree(&cg->trees[i]);
			drop_tree(cg, i);
			err_clear(e);
			continue;
		}
		if (r < 0)
			return r;
		i++;
	}
	return 0;
}

int cgroup_make(struct cgroup *cg, const struct spec_resources *r, struct err *e)
{
	auto_(limits) struct limits l = { 0 };
	int res = apply_decide(cg, r, &l, e);

	/* In a hybrid layout v2 has few controllers or none, and mostly nobody asks for them. */
	if (res == 0)
		res = make_trees(cg, cg->layout == CGROUP_V2 || apply_needs_v2(&l), e);
	if (res == 0)
		res = apply_limits(cg, &l, NULL, e);
	for (size_t i = 0; res < 0 && i < cg->n; i++)
		unmake_tree(&cg->trees[i]);
	return res;
}

bool cgroup_restricts_at_once(const struct cgroup *cg)
{
	return devices_apply_at_once(cg);
}

int cgroup_restrict_devices(const struct cgroup *cg, const struct spec_resources *r, struct err *e)
{
	return devices_apply(cg, r, true, e);
}
