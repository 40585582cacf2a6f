/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container, and signals to all of them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "libutil/file.h"
#include "libutil/parse.h"
#include "runtime/cgroup/groups.h"
#include "runtime/cgroup/tree.h"

/* Four million processes, the kernel's largest number. */
#define PROCS_MAX ((size_t)32 << 20)
/* Rounds of signalling where nothing can be frozen. */
#define KILL_ROUNDS 10

struct pids {
	pid_t *v;
	size_t n, cap;
};

static void pids_done(struct pids *p)
{
	free(p->v);
}
AUTO_DEFINE_DONE(pids, pids_done)

static void add_pid(struct pids *p, pid_t pid)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 32;
		p->v = xreallocarray(p->v, p->cap, sizeof(*p->v));
	}
	p->v[p->n++] = pid;
}

static int read_procs(int dirfd, const char *file, struct pids *p, struct err *e)
{
	autofree char *text = NULL;
	char *save = NULL;
	int r = file_read_at(dirfd, file, PROCS_MAX, &text, NULL, e);

	/* Gone meanwhile, or a threaded group, whose processes the group above lists. */
	if (r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP) {
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		pid_t pid;

		/* 0 stands for a process of another pid namespace. */
		if (parse_pid(line, &pid) == 0)
			add_pid(p, pid);
	}
	return 0;
}

static int read_group(int parentfd, const char *name, void *ctx, struct err *e)
{
	autofree char *file = xasprintf("%s/cgroup.procs", name);

	return read_procs(parentfd, file, ctx, e);
}

/* The tree to ask: every process is in all of them, but v2 can do most. */
static int open_tree_for_procs(const struct cgroup *cg, struct err *e)
{
	static const char *const order[] = { "", "freezer", "pids", "devices", "memory" };

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		const struct cgroup_tree *t = cgroup_tree_find(cg, order[i]);
		int fd = t ? tree_open(t, e) : -ENOENT;

		if (fd != -ENOENT)
			return fd;
	}
	err_clear(e);
	return -ENOENT;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int collect(const struct cgroup *cg, struct pids *p, struct err *e)
{
	autofd int fd = open_tree_for_procs(cg, e);
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	r = read_procs(fd, "cgroup.procs", p, e);
	if (r == 0)
		r = groups_each(fd, read_group, p, e);
	if (r == 0 && p->n > 0)
		qsort(p->v, p->n, sizeof(*p->v), compare_pids);
	return r;
}

int cgroup_pids(const struct cgroup *cg, pid_t **ret, size_t *ret_n, struct err *e)
{
	auto_(pids) struct pids p = { 0 };
	int r = collect(cg, &p, e);

	if (r < 0)
		return r;
	*ret = steal_ptr(&p.v);
	*ret_n = p.n;
	return 0;
}

/* Returns how many were there, or a negative errno. */
static int signal_all(const struct cgroup *cg, int sig, struct err *e)
{
	auto_(pids) struct pids p = { 0 };
	int r = collect(cg, &p, e);

	for (size_t i = 0; r == 0 && i < p.n; i++)
		if (kill(p.v[i], sig) < 0 && errno != ESRCH)
			r = err_sys(e, "signal process %d", (int)p.v[i]);
	return r < 0 ? r : (int)(p.n > INT32_MAX ? INT32_MAX : p.n);
}

/* 1: done; 0: the kernel has no cgroup.kill (before 5.14). */
static int kill_by_file(const struct cgroup *cg, struct err *e)
{
	const struct cgroup_tree *t = cgroup_tree_find(cg, "");
	autofd int fd = t ? tree_open(t, NULL) : -1;
	int r;

	if (fd < 0)
		return 0;
	r = file_write_at(fd, "cgroup.kill", "1", e);
	if (r == -ENOENT || r == -EOPNOTSUPP) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : 1;
}

/* Processes that fork while the list is read would escape: hold them still, or come back. */
static int kill_by_list(const struct cgroup *cg, struct err *e)
{
	bool frozen = cgroup_freeze(cg, true, NULL) == 0;
	int r = 1;

	for (int i = 0; r > 0 && i < (frozen ? 1 : KILL_ROUNDS); i++)
		r = signal_all(cg, SIGKILL, e);
	if (frozen)
		(void)cgroup_freeze(cg, false, NULL);
	return r < 0 ? r : 0;
}

int cgroup_kill(const struct cgroup *cg, int sig, struct err *e)
{
	int r;

	if (sig != SIGKILL) {
		r = signal_all(cg, sig, e);
		return r < 0 ? r : 0;
	}
	r = kill_by_file(cg, e);
	if (r == 0)
		return kill_by_list(cg, e);
	if (r < 0)
		return r;
	/* Somebody froze it by v1, where the signal waits for the thaw. */
	if (cg->layout == CGROUP_HYBRID && cgroup_is_frozen(cg, NULL) > 0)
		(void)cgroup_freeze(cg, false, NULL);
	return 0;
}
