/* SPDX-License-Identifier: Apache-2.0 */
/* One call of the runtime, running beside everything else in the loop. */
#ifndef SHIM_CORE_CALL_H
#define SHIM_CORE_CALL_H

#include "libutil/strbuf.h"
#include "shim/core/reaper.h"
#include "shim/core/runtime.h"

/* How much of what a runtime prints is kept, from the end, for its error message. */
#define CALL_TAIL_MAX 1024

struct call;
/* May free the call. */
typedef void call_done_fn(struct call *c, bool ok);

struct call {
	struct reaper *reaper;
	struct child child; /* call.child.reaper is NULL when none runs */
	enum runtime_verb verb;
	const char *log; /* the runtime's, or NULL; the runtime struct's */
	off_t log_from;  /* where it stood before */
	int outfd;       /* its stdout and stderr; -1: they are somebody else's */
	struct loop_source out_src;
	char *tail; /* owned: the last of what it printed; NULL: nothing */
	size_t tail_len;
	int status; /* wait(2) status of the last call */
	call_done_fn *done;
	void *ctx;
};

void call_init(struct call *c, struct reaper *reaper, call_done_fn *done, void *ctx);
/* Ends a running call by SIGKILL; `done` does not come. */
void call_free(struct call *c);
bool call_runs(const struct call *c);

/* Start it.  `stdio` are the container's three descriptors (-1: /dev/null), NULL: the runtime's
 * own output is kept for its error message.  The runtime dies with us, so that no half-made
 * container is left to nobody. */
int call_start(struct call *c, const struct runtime *rt, enum runtime_verb verb,
	       const struct runtime_ask *ask, const int *stdio, struct err *e);

/* Remember what came on the runtime's stderr, where that is the container's. */
void call_note_output(struct call *c, const char *data, size_t len);
/* Describe why the last call failed: "VERB: reason".  Returns a negative errno. */
int call_failure(const struct call *c, struct err *e);
/* The reason alone. */
int call_reason(const struct call *c, struct err *e);
/* End a running call; its `done` comes all the same. */
void call_kill(struct call *c);

#endif
