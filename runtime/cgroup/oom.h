/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the kernel runs out of memory for a container, and whose limit it was.
 *
 * v2 changes memory.events, which can be polled; v1 signals an eventfd.  Neither
 * names the group whose limit was hit, but each group counts how often that
 * happened: the one whose count has risen is it.
 */
#ifndef RUNTIME_CGROUP_OOM_H
#define RUNTIME_CGROUP_OOM_H

#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/stats.h"

/* Groups from the container's own up to the root; deeper trees are watched this far. */
#define OOM_MAX_LEVELS 32

/* Where the limit is that was hit. */
enum oom_scope {
	OOM_OWN,   /* the container's */
	OOM_ABOVE, /* of a group that holds the container among others */
	OOM_BELOW, /* of a group that somebody made inside the container's */
	OOM_HOST,  /* none: the machine has no memory left, or nothing tells */
};

struct oom_event {
	enum oom_scope scope;
	const char *group;    /* path of the group below the mount; NULL: OOM_HOST, OOM_BELOW */
	bool with_swap;       /* v1: it was the limit on memory and swap together */
	uint64_t limit;       /* bytes; 0: unknown */
	uint64_t kills;       /* processes killed since the last event */
	uint64_t group_kills; /* v2: times that a whole group was killed at once */
	struct stats_psi pressure; /* of the container's group, now */
};

struct oom_level {
	char *path; /* owned */
	int fd;     /* of the group */
	uint64_t hits, swap_hits;
};

struct oom_watch {
	bool v2;
	int fd;                             /* owned: to be polled for `events` */
	uint32_t events;                    /* EPOLL* */
	uint64_t total, kills, group_kills; /* of the container's group, and below it in v2 */
	struct oom_level levels[OOM_MAX_LEVELS];
	size_t n;
};
#define OOM_WATCH_NONE                                                                             \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* -EOPNOTSUPP where no memory controller counts for the container. */
int oom_watch_open(const struct cgroup *cg, struct oom_watch *ret, struct err *e);
void oom_watch_done(struct oom_watch *w);
AUTO_DEFINE_DONE(oom_watch, oom_watch_done)

/* After `fd` was ready, or at the end: 1 with *ret filled in when there was one since the last
 * call; its texts are borrowed from `w`. */
int oom_watch_take(struct oom_watch *w, struct oom_event *ret);

/* Which level's count has risen, the nearest to the container first; -1: none.  Pure. */
int oom_find_level(const struct oom_level *before, const struct oom_level *now, size_t n,
		   bool *ret_with_swap);

/* How many processes of the group were killed for want of memory since it was made; 0 when nothing
 * counts that. */
uint64_t oom_kills(const struct cgroup *cg);

#endif
