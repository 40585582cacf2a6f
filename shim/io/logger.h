/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that reads a process's output ("binary:///bin/logger?key=value").
 * It finds the output at its descriptors 3 and 4 and says at 5, by a byte or by
 * closing it, that it is ready.  It ends by itself at the end of what it reads;
 * if it does not, it is asked to, and at last killed.
 */
#ifndef SHIM_IO_LOGGER_H
#define SHIM_IO_LOGGER_H

#include "libutil/loop.h"
#include "shim/io/uri.h"

struct logger {
	struct loop *loop;
	pid_t pid; /* 0 when none runs */
	int pidfd, readyfd, timerfd;
	struct loop_source exit_src, ready_src, timer_src;
	int ready_in, term_in, kill_in; /* ms, for tests; the last two after logger_leave() */
	bool left;                      /* nobody will write any more */
	/* It is ready, or `why` says that it will never be. */
	void (*ready)(void *ctx, const struct err *why);
	void (*ended)(void *ctx); /* one that was ready has; may be NULL */
	void *ctx;
};

void logger_init(struct logger *g, struct loop *loop, void (*ready)(void *, const struct err *),
		 void *ctx);
/* Start `u`.  writers[0] and [1] are what the process writes to, readers[] the other ends, which
 * nobody but the logger reads; the caller owns all four. */
int logger_start(struct logger *g, const struct uri *u, const char *id, const char *ns,
		 int writers[2], int readers[2], struct err *e);
/* Its writers are closed: see it out. */
void logger_leave(struct logger *g);
/* Kill it if it still runs. */
void logger_done(struct logger *g);

#endif
