/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One failure, described once.
 *
 * A function that can fail takes a `struct err *` as its last parameter,
 * returns 0 (or a useful value >= 0) on success and a negative errno on
 * failure.  The innermost function states what broke; each caller that knows
 * more adds its own words in front.  The struct has a fixed size: filling it
 * allocates nothing, and it crosses a socket as it is.  `e` may be NULL
 * everywhere.
 *
 * Beside the text for people there is what programs ask for; each of these may
 * be empty, and survives err_wrap().
 */
#ifndef LIBUTIL_ERR_H
#define LIBUTIL_ERR_H

#include "libutil/macro.h"

#define ERR_STAGE_SIZE 24

struct err {
	int code; /* positive errno; 0 while nothing has failed */
	/* Bytes at the end of msg that the innermost function wrote: its action and its object. */
	unsigned short tail;
	char stage[ERR_STAGE_SIZE]; /* where in a longer course of steps it failed */
	char msg[508];
};

/* Record a failure the code found by itself.  Returns -code. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF(3, 4);

/* Record a failed system call; the reason is errno at entry.  Returns -errno. */
int err_sys(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* Put words in front of what is recorded.  Returns r unchanged. */
int err_wrap(struct err *e, int r, const char *fmt, ...) PRINTF(3, 4);

/* Take over a failure that was recorded elsewhere, with all it says.  Returns -why->code. */
int err_take(struct err *e, const struct err *why);
/* Name the step, unless a deeper one did. */
void err_stage(struct err *e, const char *stage);
/* What could not be dealt with: the first text in quotes of what the innermost function said, or of
 * the words in front of it.  False when there is none. */
bool err_object(const struct err *e, char *buf, size_t size);

/* Forget a failure that was handled, so that the struct can be used again. */
void err_clear(struct err *e);

/*
 * A static analyzer sees one file at a time: tell it what the promises above
 * mean, or it follows paths on which a failure returns 0.
 */
#if (defined(__clang_analyzer__) || defined(STATIC_ANALYSIS)) && !defined(ERR_IMPLEMENTATION)
#define err_set(e, ...)     (err_set(e, __VA_ARGS__), -1)
#define err_sys(e, ...)     (err_sys(e, __VA_ARGS__), -1)
#define err_wrap(e, r, ...) (err_wrap(e, r, __VA_ARGS__), (r))
#define err_take(e, why)    (err_take(e, why), -1)
#endif

#endif
