/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every child of this process, by pidfd in the loop.  We are the subreaper: the
 * processes of containers become our children when the runtime that made them
 * ends, and so does whatever they leave behind.
 *
 * A process may have ended before the runtime tells us its pid.  Its zombie
 * holds the pid and the status for us, so nobody that we do not know is
 * collected while a runtime call may still name it (reaper_expect()).
 */
#ifndef SHIM_CORE_REAPER_H
#define SHIM_CORE_REAPER_H

#include <sys/resource.h>
#include <time.h>

#include "libutil/loop.h"

/* How a process ended. */
struct child_end {
	bool known;         /* false: it was no child of ours when it ended */
	int status;         /* wait(2) status */
	struct timespec at; /* CLOCK_REALTIME, when we saw it */
};

struct child;
/* May free the child. */
typedef void child_ended_fn(struct child *c, const struct child_end *end);

struct child {
	struct reaper *reaper; /* NULL: not watched */
	struct child *prev, *next;
	pid_t pid; /* 0: never watched; stays after the end */
	int pidfd; /* owned; -1 after the end */
	struct loop_source src;
	child_ended_fn *ended;
};

struct reaper {
	struct loop *loop;
	struct child *first;
	unsigned expected; /* runtime calls that may still name a process */
	rlim_t nofile;     /* soft limit of descriptors that children get; 0: ours */
	int signalfd;
	struct loop_source signal_src;
	void (*on_signal)(void *ctx, int sig); /* SIGTERM, SIGINT, SIGQUIT, SIGUSR1 */
	void *ctx;
};

/* Become a subreaper, watch signals; SIGHUP and SIGPIPE are ignored. */
int reaper_init(struct reaper *r, struct loop *loop, void (*on_signal)(void *ctx, int sig),
		void *ctx, struct err *e);
void reaper_done(struct reaper *r);

/* Between these two a runtime call may leave a process behind. */
void reaper_expect(struct reaper *r);
void reaper_expected(struct reaper *r);

/* An unwatched one. */
#define CHILD_NONE ((struct child){ .pidfd = -1, .src = { .fd = -1 } })
/* Watch `pid`.  Takes `pidfd`, also on failure; -1: it is opened here. */
int child_watch(struct child *c, struct reaper *r, pid_t pid, int pidfd, child_ended_fn *ended,
		struct err *e);
/* Collect it now if it has ended, instead of waiting for the loop: calls `ended`. */
void child_collect(struct child *c);
/* Harmless on an unwatched one. */
void child_forget(struct child *c);
/* Send a signal; -ESRCH when it has ended. */
int child_signal(const struct child *c, int sig);

#endif
