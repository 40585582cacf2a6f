/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/members.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/parse.h"

/* "pid:[4026531836]" */
#define NS_NAME_SIZE 64

struct members {
	char ns[NS_NAME_SIZE]; /* the pid namespace looked for */
	pid_t *v;
	size_t n, cap;
};

static void members_done(struct members *m)
{
	free(m->v);
}
AUTO_DEFINE_DONE(members, members_done)

static int read_pidns(int procfd, const char *pid, char ret[NS_NAME_SIZE])
{
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/ns/pid", pid);
	n = readlinkat(procfd, path, ret, NS_NAME_SIZE - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

/* Another user's process shows its namespaces to nobody, and can't be in ours. */
static int add_if_inside(int procfd, const char *name, unsigned char type UNUSED, void *ctx,
			 struct err *e UNUSED)
{
	struct members *m = ctx;
	char ns[NS_NAME_SIZE];
	pid_t pid;

	if (parse_pid(name, &pid) < 0 || read_pidns(procfd, name, ns) < 0 || !streq(ns, m->ns))
		return 0;
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 32;
		m->v = xreallocarray(m->v, m->cap, sizeof(*m->v));
	}
	m->v[m->n++] = pid;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int pids_by_namespace(const struct container *c, pid_t **ret, size_t *ret_n, struct err *e)
{
	auto_(members) struct members m = { 0 };
	autofd int procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char first[16];
	int r;

	if (procfd < 0)
		return err_sys(e, "open '/proc'");
	(void)snprintf(first, sizeof(first), "%d", (int)container_pid(c));
	r = read_pidns(procfd, first, m.ns);
	/* It died a moment ago. */
	if (r == -ENOENT || r == -ESRCH)
		return 0;
	if (r < 0)
		return err_set(e, -r, "container '%s': look at its pid namespace: %s", c->id,
			       strerror(-r));
	r = dir_each(procfd, add_if_inside, &m, e);
	if (r < 0)
		return r;
	if (m.n > 0)
		qsort(m.v, m.n, sizeof(*m.v), compare_pids);
	*ret = steal_ptr(&m.v);
	*ret_n = m.n;
	return 0;
}

int container_pids(const struct container *c, pid_t **ret, size_t *ret_n, struct err *e)
{
	if (c->cgroup && cgroup_has_group(c->cgroup))
		return cgroup_pids(c->cgroup, ret, ret_n, e);
	if (c->pidfd < 0)
		return 0;
	if (!c->record->own_pidns)
		return err_set(
			e, EOPNOTSUPP,
			"container '%s' has neither a control group nor a pid namespace of its "
			"own to list processes from",
			c->id);
	return pids_by_namespace(c, ret, ret_n, e);
}
