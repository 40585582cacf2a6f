/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation about one dump or restore, from the request to the answer. */
#ifndef RUNTIME_CRIU_TALK_H
#define RUNTIME_CRIU_TALK_H

#include "runtime/criu/swrk.h"

/* criu stands still until we have answered: 0 to go on, a failure to give up.  `*fd` (-1: none)
 * may be stolen. */
typedef int criu_notify_fn(void *ctx, const char *script, pid_t pid, int *fd, struct err *e);

struct criu_talk {
	struct criu_swrk swrk;
	criu_notify_fn *notify;
	void *ctx;
	int logdirfd;        /* where criu writes its log; borrowed */
	const char *logdir;  /* for messages */
	const char *logfile; /* NULL: what is asked has no log */
};

/* Send the request, to a criu that has what it needs. */
int criu_talk_begin(struct criu_talk *t, const struct criu_req *req, const struct criu_needs *needs,
		    struct err *e);
/* Go on until criu tells of `script`, which it then waits at: 1, and *ret_pid (may be NULL).  With
 * NULL, or when it never does, until the answer to a request of `type`: 0. */
int criu_talk_until(struct criu_talk *t, enum criu_req_type type, const char *script,
		    pid_t *ret_pid, struct err *e);
/* Let criu go on from where criu_talk_until() left it waiting, or give up. */
int criu_talk_answer(struct criu_talk *t, bool go_on, struct err *e);

#endif
