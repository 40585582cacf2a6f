/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs that need one another, on several threads.
 *
 * A job is a number.  It is begun when somebody wants it, and says while it runs what it wants
 * first; then it is run again when all of that is done.  So nothing is done that nobody needs, and
 * what is needed may depend on what was found.  As long as no job is busy there is one thread, the
 * caller's.  The first failure, or a signal that interrupt.h holds back, ends the rest.
 */
#ifndef IMAGETOOL_SOLVE_SCHED_H
#define IMAGETOOL_SOLVE_SCHED_H

#include <stddef.h>

#include "libutil/err.h"

struct sched;

/* The running job as it sees the others. */
struct sched_turn {
	struct sched *sched;
	size_t job;
	size_t *wants; /* owned by sched.c */
	size_t n, cap;
};

enum sched_outcome { SCHED_DONE, SCHED_AGAIN };

struct sched_opts {
	size_t n_jobs;
	unsigned threads; /* at most; 0: by processors */
	/* An enum sched_outcome, or a negative errno.  AGAIN without sched_want() is an error of
	 * the program. */
	int (*run)(void *ctx, size_t job, struct sched_turn *turn, struct err *e);
	/* Once, on the caller's thread, before there are others: the first job is busy. */
	int (*before_threads)(void *ctx, struct err *e);
	void *ctx;
};

/* Until all roots are done.  *ret_failed (may be NULL) is the job that failed first, SIZE_MAX when
 * it was none. */
int sched_run(const struct sched_opts *opts, const size_t *roots, size_t n_roots,
	      size_t *ret_failed, struct err *e);

/* Within run(): do that one first.  Returns true when it is done already. */
bool sched_want(struct sched_turn *t, size_t job);
/* Within run(): it will be wanted soon; somebody may begin with it. */
void sched_start(struct sched_turn *t, size_t job);
/* Within run(): this takes a while, others may begin beside it.  -ECANCELED when all is over. */
int sched_busy(struct sched_turn *t, struct err *e);
/* Readable once all is over; -1 before any job was busy. */
int sched_cancelfd(const struct sched_turn *t);
bool sched_is_cancelled(const struct sched_turn *t);

#endif
