/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "libutil/dir.h"
#include "libutil/parse.h"

static int open_root(const struct record *rec, struct err *e)
{
	int fd = open(rec->rdt->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "linux.intelRdt: open '%s'", rec->rdt->root) : fd;
}

static const char *monitor_of(const struct record *rec)
{
	return rec->rdt->monitor ? rec->id : NULL;
}

static int plan(const struct spec_intel_rdt *rdt, const char *id, struct arena *a,
		struct record *rec, struct resctrl *ret, struct err *e)
{
	autofree char *path = NULL;
	autofd int rootfd = -1;
	int r = resctrl_decide(rdt, id, a, ret, e);

	if (r < 0)
		return r;
	rootfd = resctrl_open(&path, e);
	r = rootfd < 0 ? rootfd : resctrl_check(rootfd, ret, e);
	if (r < 0)
		return r;
	rec->rdt = arena_alloc(a, 1, sizeof(*rec->rdt));
	*rec->rdt = (struct record_rdt){
		.root = arena_strdup(a, path),
		.group = ret->group,
		.made = ret->make && !ret->named,
		.monitor = ret->monitor != NULL,
	};
	return 0;
}

int rdt_plan(const struct runtime_spec *spec, const char *id, struct arena *a, struct record *rec,
	     struct resctrl **ret, struct err *e)
{
	struct resctrl *r;
	int res;

	if (!spec->linux_ || !spec->linux_->intel_rdt)
		return 0;
	r = arena_alloc(a, 1, sizeof(*r));
	res = plan(spec->linux_->intel_rdt, id, a, rec, r, e);
	if (res < 0)
		return err_wrap(e, res, "config.json");
	*ret = r;
	return 0;
}

int rdt_make(const struct record *rec, const struct resctrl *r, struct err *e)
{
	autofd int rootfd = r ? open_root(rec, e) : -1;
	int res;

	if (!r || rootfd < 0)
		return r ? rootfd : 0;
	res = resctrl_make(rootfd, r, e);
	if (res >= 0)
		res = resctrl_write(rootfd, r, e);
	if (res >= 0)
		res = resctrl_monitor(rootfd, r, e);
	/* A monitoring group that could not be made is not ours: it may have been there. */
	if (res < 0)
		(void)resctrl_remove(rootfd, r->group, NULL, r->make, NULL);
	return res;
}

void rdt_undo(const struct record *rec, const struct resctrl *r)
{
	autofd int rootfd = r ? open_root(rec, NULL) : -1;

	if (rootfd >= 0)
		(void)resctrl_remove(rootfd, r->group, r->monitor, r->make, NULL);
}

/* ---- processes ---- */

struct adding {
	int rootfd;
	struct resctrl where;
};

static int add_thread(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
		      struct err *e)
{
	const struct adding *to = ctx;
	pid_t tid;

	return parse_pid(name, &tid) < 0 ? 0 : resctrl_add(to->rootfd, &to->where, tid, e);
}

static int add_process(const struct adding *to, pid_t pid, struct err *e)
{
	autofree char *path = xasprintf("/proc/%d/task", (int)pid);
	autofd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct adding copy = *to;

	/* Ended meanwhile. */
	if (fd < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : err_sys(e, "open '%s'", path);
	return dir_each(fd, add_thread, &copy, e);
}

static int open_adding(const struct record *rec, struct adding *ret, struct err *e)
{
	*ret = (struct adding){
		.rootfd = open_root(rec, e),
		.where = { .group = rec->rdt->group, .monitor = monitor_of(rec) },
	};
	return ret->rootfd;
}

int rdt_add(const struct record *rec, pid_t pid, struct err *e)
{
	struct adding to;
	int r;

	if (!rec->rdt)
		return 0;
	r = open_adding(rec, &to, e);
	if (r >= 0)
		r = add_process(&to, pid, e);
	close_at_exit(&to.rootfd);
	return r < 0 ? r : 0;
}

int rdt_add_all(const struct record *rec, const struct cgroup *cg, struct err *e)
{
	autofree pid_t *pids = NULL;
	size_t n = 0;
	struct adding to;
	int r = rec->rdt && cg ? cgroup_pids(cg, &pids, &n, e) : 0;

	if (r < 0 || n == 0)
		return r;
	r = open_adding(rec, &to, e);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = add_process(&to, pids[i], e);
	close_at_exit(&to.rootfd);
	return r < 0 ? r : 0;
}

void rdt_encode(const struct record *rec, struct json_writer *w)
{
	autofd int rootfd = rec->rdt ? open_root(rec, NULL) : -1;

	if (rootfd >= 0)
		resctrl_encode(rootfd, rec->rdt->group, monitor_of(rec), w);
}

int rdt_remove(const struct record *rec, struct err *e)
{
	autofd int rootfd = rec->rdt ? open_root(rec, e) : -1;

	if (!rec->rdt)
		return 0;
	/* Unmounted since: then its groups are gone with it. */
	if (rootfd == -ENOENT) {
		err_clear(e);
		return 0;
	}
	return rootfd < 0 ? rootfd
			  : resctrl_remove(rootfd, rec->rdt->group, monitor_of(rec), rec->rdt->made,
					   e);
}

/* ---- update ---- */

static int join_new_class(struct container *c, const struct resctrl *r, struct err *e)
{
	int res = rdt_make(c->record, r, e);

	if (res < 0)
		return res;
	res = rdt_add(c->record, container_pid(c), e);
	if (res >= 0)
		res = rdt_add_all(c->record, c->cgroup, e);
	if (res < 0)
		rdt_undo(c->record, r);
	return res;
}

static int change_class(const struct container *c, struct resctrl *r, struct rdt_old *ret_old,
			struct err *e)
{
	autofd int rootfd = open_root(c->record, e);
	int res;

	if (rootfd < 0)
		return rootfd;
	r->group = c->record->rdt->group;
	ret_old->schemata = resctrl_remember(rootfd, r->group);
	res = resctrl_write(rootfd, r, e);
	if (res < 0)
		resctrl_put_back(rootfd, r->group, ret_old->schemata);
	return res;
}

int rdt_update(struct container *c, const struct spec_intel_rdt *change, struct rdt_old *ret_old,
	       struct err *e)
{
	struct resctrl r = { 0 };
	int res;

	*ret_old = (struct rdt_old){ .was_none = !c->record->rdt };
	if (c->record->rdt) {
		res = resctrl_decide(change, c->id, &c->arena, &r, e);
		return res < 0 ? res : change_class(c, &r, ret_old, e);
	}
	res = plan(change, c->id, &c->arena, c->record, &r, e);
	if (res >= 0)
		res = join_new_class(c, &r, e);
	if (res < 0)
		c->record->rdt = NULL;
	return res;
}

void rdt_update_undo(struct container *c, struct rdt_old *old)
{
	autofree char *schemata = steal_ptr(&old->schemata);
	autofd int rootfd = c->record->rdt ? open_root(c->record, NULL) : -1;

	if (rootfd < 0)
		return;
	if (!old->was_none) {
		resctrl_put_back(rootfd, c->record->rdt->group, schemata);
		return;
	}
	(void)rdt_remove(c->record, NULL);
	c->record->rdt = NULL;
}
