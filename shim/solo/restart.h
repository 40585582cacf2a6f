/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a container that has ended is started again, and when.  Docker's
 * words and numbers:
 *
 *     no                once
 *     on-failure[:N]    again after a status other than 0, N times at most
 *     always            again
 *     unless-stopped    again (the two differ for who starts containers at boot)
 *
 * 100 ms pass before the first restart, twice as many before each further one,
 * a minute at most.  A container that ran for ten seconds begins anew with that.
 * One that somebody stopped stays stopped.  Pure.
 */
#ifndef SHIM_SOLO_RESTART_H
#define SHIM_SOLO_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "libutil/err.h"

#define RESTART_KINDS(X)                                                                           \
	X(NO, "no")                                                                                \
	X(ON_FAILURE, "on-failure")                                                                \
	X(ALWAYS, "always")                                                                        \
	X(UNLESS_STOPPED, "unless-stopped")

#define X(name, text) RESTART_##name,
enum restart_kind { RESTART_KINDS(X) RESTART_KIND_COUNT };
#undef X

struct restart_policy {
	enum restart_kind kind;
	uint32_t max; /* on-failure: so often at most; 0: no limit */
};

/* -EINVAL names the policies. */
int restart_parse(const char *text, struct restart_policy *ret, struct err *e);

struct restart_history {
	uint32_t count;   /* restarts so far */
	int64_t delay_ms; /* before the last one; 0: there was none, or it is forgotten */
};

struct restart_end {
	int code;       /* as a shell counts: 128 plus a signal's number */
	int64_t ran_ms; /* how long it had run */
	bool stopped;   /* somebody wanted it to end */
};

#define RESTART_NEVER (-1)
/* Milliseconds until it is to be started again, which is noted in the history; or RESTART_NEVER. */
int64_t restart_decide(const struct restart_policy *p, struct restart_history *h,
		       const struct restart_end *end);

#endif
