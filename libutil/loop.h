/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One epoll loop: descriptors, timers, signals.  Single-threaded.  A source is
 * caller-owned storage, so the loop allocates nothing per event; a callback may
 * remove any source, also itself.
 */
#ifndef LIBUTIL_LOOP_H
#define LIBUTIL_LOOP_H

#include <signal.h>
#include <stdint.h>

#include "libutil/err.h"

struct loop;
struct loop_source;

/* `events` are EPOLL* bits.  A negative return ends loop_run() with that value. */
typedef int loop_fn(struct loop *l, struct loop_source *s, uint32_t events, struct err *e);

struct loop_source {
	int fd; /* watched, never owned; -1 while not in a loop */
	loop_fn *fn;
	void *ctx; /* for fn */
	bool dead; /* internal: removed during dispatch */
};

struct loop {
	int epfd;
	bool stop;
	int exit_value;
	int quiet_ms; /* internal: 0 while nobody asked */
	void (*quiet)(void *ctx);
	void *quiet_ctx;
	struct loop_source **batch; /* internal: being dispatched */
	int n_batch;
};

int loop_init(struct loop *l, struct err *e);
void loop_done(struct loop *l);
int loop_add(struct loop *l, struct loop_source *s, int fd, uint32_t events, loop_fn *fn, void *ctx,
	     struct err *e);
int loop_modify(struct loop *l, struct loop_source *s, uint32_t events, struct err *e);
/* Harmless for a source that is in no loop. */
void loop_remove(struct loop *l, struct loop_source *s);
/* Until loop_stop(); returns its value, or a negative errno. */
int loop_run(struct loop *l, struct err *e);
/* One round of waiting and dispatching; timeout in ms, -1 for ever.  Returns the number of events.
 */
int loop_once(struct loop *l, int timeout_ms, struct err *e);
void loop_stop(struct loop *l, int value);
/* Once nothing has happened for so long, loop_run() calls `fn`, once.  Asking again, also before
 * that, takes the place of what was asked; NULL: of nothing. */
void loop_when_quiet(struct loop *l, int ms, void (*fn)(void *ctx), void *ctx);

/* A timerfd (CLOCK_MONOTONIC) and a signalfd (mask is also blocked), for loop_add(); owned by the
 * caller. Both are non-blocking. */
int loop_timer(struct err *e);
/* first_ns 0 stops the timer, negative means at once; every_ns 0 is a single shot. */
int loop_timer_set(int timerfd, int64_t first_ns, int64_t every_ns, struct err *e);
int loop_signals(const sigset_t *mask, struct err *e);

#endif
