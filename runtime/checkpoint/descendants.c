/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/descendants.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/parse.h"

#define STAT_MAX 4096

struct process {
	pid_t pid, parent;
};

struct table {
	struct process *v;
	size_t n;
};

static void table_done(struct table *t)
{
	free(t->v);
}
AUTO_DEFINE_DONE(table, table_done)

/* "12 (any) name) S 1 ...": false for one that has ended. */
static bool parent_of(const char *stat, pid_t *ret)
{
	const char *at = strrchr(stat, ')');
	char state = 0;
	int parent = 0;

	if (!at || sscanf(at, ") %c %d", &state, &parent) != 2 || state == 'Z' || state == 'X')
		return false;
	*ret = parent;
	return true;
}

static int add(int procfd, const char *name, unsigned char type UNUSED, void *ctx,
	       struct err *e UNUSED)
{
	struct table *t = ctx;
	struct process p;
	autofree char *path = NULL, *stat = NULL;

	if (parse_pid(name, &p.pid) < 0)
		return 0;
	path = xasprintf("%s/stat", name);
	/* One that is gone meanwhile is none that was held. */
	if (file_read_at(procfd, path, STAT_MAX, &stat, NULL, NULL) < 0 ||
	    !parent_of(stat, &p.parent))
		return 0;
	t->v = xreallocarray(t->v, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = p;
	return 0;
}

int descendants_of(pid_t first, pid_t **ret, size_t *ret_n, struct err *e)
{
	auto_(table) struct table all = { 0 };
	autofd int procfd = dir_open_at(AT_FDCWD, "/proc", e);
	int r = procfd < 0 ? procfd : dir_each(procfd, add, &all, e);
	size_t n = 0;
	pid_t *v;

	if (r < 0)
		return r;
	v = xcalloc(all.n + 1, sizeof(*v));
	v[n++] = first;
	/* Everybody has one parent, so none is found twice. */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < all.n; k++)
			if (all.v[k].parent == v[i] && all.v[k].pid != first)
				v[n++] = all.v[k].pid;
	*ret = v;
	*ret_n = n;
	return 0;
}
