/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells when memory ran out in a container's control group.  v1 signals an
 * eventfd each time, also when the group is removed; v2 counts in memory.events.
 */
#ifndef SHIM_CGROUP_OOM_H
#define SHIM_CGROUP_OOM_H

#include <sys/types.h>

#include "libutil/loop.h"

struct oom_watch {
	struct loop *loop;
	struct loop_source src;
	bool v2;
	int fd;     /* v1: the eventfd; -1: not watching */
	int counts; /* memory.oom_control, v2: memory.events */
	/* Seen so far. */
	uint64_t ooms, kills;
	bool told;
	void (*oom)(void *ctx); /* once per event, or per rise of a count */
	void *ctx;
};

void oom_watch_init(struct oom_watch *w, struct loop *loop, void (*oom)(void *ctx), void *ctx);
void oom_watch_done(struct oom_watch *w);

/* Watch the group that `pid` is in.  What happened there before is not told. */
int oom_watch_open(struct oom_watch *w, pid_t pid, struct err *e);
/* Look now: an exit that is seen before the event it came from must not hide it. */
void oom_watch_check(struct oom_watch *w);

/* The number behind a key at the start of a line; 0 when it is not there.  Pure. */
uint64_t oom_count_in(const char *text, const char *key);

#endif
