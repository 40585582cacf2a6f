/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/cgroup/members.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/parse.h"
#include "shim/cgroup/find.h"

/* 4 million pids of 8 bytes. */
#define PROCS_MAX ((size_t)32 << 20)
/* A container can make groups below its own; deeper ones are no container's. */
#define DEPTH_MAX 32

struct walk {
	struct members *m;
	size_t room;
	unsigned depth;
};

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static void add(struct walk *w, pid_t pid)
{
	if (w->m->n == w->room) {
		w->room = w->room ? 2 * w->room : 16;
		w->m->pids = xreallocarray(w->m->pids, w->room, sizeof(pid_t));
	}
	w->m->pids[w->m->n++] = pid;
}

static int read_group(struct walk *w, int dirfd, struct err *e);

static int visit(int dirfd, const char *name, unsigned char d_type, void *ctx, struct err *e)
{
	struct walk *w = ctx;
	autofd int fd = -1;
	int r;

	if (d_type != DT_DIR)
		return 0;
	if (w->depth == DEPTH_MAX)
		return err_set(e, ELOOP, "groups are nested too deeply");
	fd = dir_open_at(dirfd, name, NULL);
	if (fd < 0)
		return 0; /* it was removed meanwhile */
	w->depth++;
	r = read_group(w, fd, e);
	w->depth--;
	return r;
}

static int read_group(struct walk *w, int dirfd, struct err *e)
{
	autofree char *text = NULL;
	int r = file_read_at(dirfd, "cgroup.procs", PROCS_MAX, &text, NULL, e);
	char *rest = text;
	pid_t pid = 0;

	/* ENODEV: removed; EOPNOTSUPP: a group of threads, whose process is in one above. */
	if (r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP)
		return 0;
	if (r < 0)
		return r;
	for (char *line; (line = strsep(&rest, "\n"));)
		if (parse_pid(line, &pid) >= 0)
			add(w, pid);
	return dir_each(dirfd, visit, w, e);
}

int members_read(const char *proc_cgroup, struct members *ret, struct err *e)
{
	struct walk w = { .m = ret };
	bool v2 = false;
	autofd int group = cgroup_open_of(proc_cgroup, "pids", &v2, e);
	autofd int fd = -1;
	int r;

	*ret = (struct members){ 0 };
	if (group < 0)
		return group;
	fd = dir_open_at(group, ".", e);
	r = fd < 0 ? fd : read_group(&w, fd, e);
	if (r < 0) {
		free(ret->pids);
		*ret = (struct members){ 0 };
		return r;
	}
	if (ret->n)
		qsort(ret->pids, ret->n, sizeof(pid_t), compare);
	return 0;
}
