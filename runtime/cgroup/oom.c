/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "libutil/file.h"
#include "libutil/parse.h"
#include "libutil/path.h"
#include "runtime/cgroup/tree.h"

#define PRESSURE_MAX 4096
/* v1 signals before it kills and counts: look again until the count has risen. */
#define V1_TRIES  400
#define V1_NAP_NS 5000000

static uint64_t read_u64(int dirfd, const char *file)
{
	char text[32];
	uint64_t v = 0;

	if (tree_read_word(dirfd, file, text, sizeof(text)) <= 0 || parse_u64(text, &v) < 0)
		return 0;
	return v;
}

/* A count that is not there has not risen. */
static uint64_t read_count(int dirfd, const char *file, const char *key)
{
	int v = tree_read_key(dirfd, file, key);

	return v > 0 ? (uint64_t)v : 0;
}

/* memory.events also counts what happened below; .local is younger (5.2). */
static void look_at_level(struct oom_level *l, bool v2)
{
	if (v2) {
		l->hits = read_count(l->fd, "memory.events.local", "oom");
		return;
	}
	l->hits = read_u64(l->fd, "memory.failcnt");
	l->swap_hits = read_u64(l->fd, "memory.memsw.failcnt");
}

static void look(struct oom_watch *w)
{
	int own = w->levels[0].fd;
	const char *file = w->v2 ? "memory.events" : "memory.oom_control";

	for (size_t i = 0; i < w->n; i++)
		look_at_level(&w->levels[i], w->v2);
	w->total = read_count(own, file, "oom");
	w->kills = read_count(own, file, "oom_kill");
	w->group_kills = read_count(own, file, "oom_group_kill");
}

static int add_level(struct oom_watch *w, const struct cgroup_tree *t, const char *path,
		     struct err *e)
{
	autofree char *dir = path_join(t->mount, path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open cgroup '%s'", dir);
	w->levels[w->n++] = (struct oom_level){ .path = xstrdup(path), .fd = fd };
	return 0;
}

static int add_levels(struct oom_watch *w, const struct cgroup_tree *t, struct err *e)
{
	autofree char *path = xstrdup(t->path);
	int r = 0;

	while (r == 0 && !streq(path, "/") && w->n < OOM_MAX_LEVELS) {
		char *parent = path_parent(path);

		r = add_level(w, t, path, e);
		free(path);
		path = parent;
	}
	return r;
}

static int open_v2(struct oom_watch *w, struct err *e)
{
	w->fd = openat(w->levels[0].fd, "memory.events", O_RDONLY | O_CLOEXEC);
	w->events = EPOLLPRI;
	return w->fd < 0 ? err_sys(e, "open cgroup file 'memory.events'") : 0;
}

static int open_v1(struct oom_watch *w, struct err *e)
{
	autofd int control = openat(w->levels[0].fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	char text[40];

	if (control < 0)
		return err_sys(e, "open cgroup file 'memory.oom_control'");
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->events = EPOLLIN;
	if (w->fd < 0)
		return err_sys(e, "make an eventfd");
	(void)snprintf(text, sizeof(text), "%d %d", w->fd, control);
	return file_write_at(w->levels[0].fd, "cgroup.event_control", text, e);
}

/* The hierarchy where memory is counted, or NULL. */
static const struct cgroup_tree *memory_tree(const struct cgroup *cg, bool *ret_v2)
{
	const struct cgroup_tree *t = cgroup_tree_find(cg, "memory");
	autofd int fd = -1;

	*ret_v2 = false;
	if (t)
		return t;
	t = cgroup_tree_find(cg, "");
	fd = t ? tree_open(t, NULL) : -1;
	*ret_v2 = true;
	return fd >= 0 && faccessat(fd, "memory.events", F_OK, 0) == 0 ? t : NULL;
}

int oom_watch_open(const struct cgroup *cg, struct oom_watch *ret, struct err *e)
{
	struct oom_watch w = OOM_WATCH_NONE;
	const struct cgroup_tree *t = memory_tree(cg, &w.v2);
	int r;

	if (!t)
		return err_set(e, EOPNOTSUPP, "no memory controller counts for the container");
	r = add_levels(&w, t, e);
	if (r == 0)
		r = w.v2 ? open_v2(&w, e) : open_v1(&w, e);
	if (r < 0) {
		oom_watch_done(&w);
		return err_wrap(e, r, "watch for want of memory");
	}
	look(&w);
	*ret = w;
	return 0;
}

void oom_watch_done(struct oom_watch *w)
{
	for (size_t i = 0; i < w->n; i++) {
		close_at_exit(&w->levels[i].fd);
		free(w->levels[i].path);
	}
	close_at_exit(&w->fd);
	*w = (struct oom_watch)OOM_WATCH_NONE;
}

int oom_find_level(const struct oom_level *before, const struct oom_level *now, size_t n,
		   bool *ret_with_swap)
{
	for (size_t i = 0; i < n; i++) {
		if (now[i].hits <= before[i].hits && now[i].swap_hits <= before[i].swap_hits)
			continue;
		*ret_with_swap = now[i].hits <= before[i].hits;
		return (int)i;
	}
	return -1;
}

static uint64_t limit_of(const struct oom_watch *w, int level, bool with_swap)
{
	const char *file = w->v2       ? "memory.max"
			   : with_swap ? "memory.memsw.limit_in_bytes"
				       : "memory.limit_in_bytes";

	return read_u64(w->levels[level].fd, file);
}

/* The eventfd tells that there was something, and is empty again; v2 only tells by its counts. */
static bool was_signalled(const struct oom_watch *w)
{
	uint64_t times = 0;

	if (w->v2 || read(w->fd, &times, sizeof(times)) != sizeof(times) || times == 0)
		return false;
	/* It also signals that the group is being removed. */
	return faccessat(w->levels[0].fd, "memory.oom_control", F_OK, 0) == 0;
}

static void look_until_counted(struct oom_watch *w, uint64_t kills)
{
	static const struct timespec nap = { .tv_nsec = V1_NAP_NS };

	look(w);
	for (int i = 0; !w->v2 && w->kills == kills && i < V1_TRIES; i++) {
		(void)nanosleep(&nap, NULL);
		look(w);
	}
}

static void read_pressure(const struct oom_watch *w, struct stats_psi *ret)
{
	static const struct stat_row row = { "",       "memory.pressure",
					     STAT_PSI, offsetof(struct stats, memory.psi),
					     NULL,     0 };
	autofree char *text = NULL;
	struct stats s = { 0 };

	if (file_read_at(w->levels[0].fd, row.file, PRESSURE_MAX, &text, NULL, NULL) >= 0 &&
	    stats_parse(&s, &row, text) == 0)
		*ret = s.memory.psi;
}

/* Whose limit was hit between two looks. */
static void find_culprit(const struct oom_watch *before, const struct oom_watch *now,
			 struct oom_event *ret)
{
	int level = oom_find_level(before->levels, now->levels, now->n, &ret->with_swap);

	if (level >= 0) {
		ret->scope = level == 0 ? OOM_OWN : OOM_ABOVE;
		ret->group = now->levels[level].path;
		ret->limit = limit_of(now, level, ret->with_swap);
	} else if (now->total > before->total) {
		ret->scope = OOM_BELOW;
	}
}

int oom_watch_take(struct oom_watch *w, struct oom_event *ret)
{
	struct oom_watch before = *w;
	struct oom_event event = { .scope = OOM_HOST };
	bool signalled = was_signalled(w);

	if (signalled)
		look_until_counted(w, before.kills);
	else
		look(w);
	if (!signalled && w->kills <= before.kills) {
		/* v2 counts that a limit was hit, and a moment later who was killed for it: compare
		 * with what was before both.  Most hits end without a kill. */
		memcpy(w->levels, before.levels, sizeof(w->levels));
		w->total = before.total;
		w->group_kills = before.group_kills;
		return 0;
	}
	event.kills = w->kills > before.kills ? w->kills - before.kills : 0;
	event.group_kills =
		w->group_kills > before.group_kills ? w->group_kills - before.group_kills : 0;
	find_culprit(&before, w, &event);
	read_pressure(w, &event.pressure);
	*ret = event;
	return 1;
}

uint64_t oom_kills(const struct cgroup *cg)
{
	bool v2 = false;
	const struct cgroup_tree *t = memory_tree(cg, &v2);
	autofd int fd = t ? tree_open(t, NULL) : -1;

	return fd < 0 ? 0 : read_count(fd, v2 ? "memory.events" : "memory.oom_control", "oom_kill");
}
