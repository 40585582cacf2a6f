/* SPDX-License-Identifier: Apache-2.0 */
/* One call of the runtime, running beside everything else in the loop. */
#ifndef SHIM_TASK_CALL_H
#define SHIM_TASK_CALL_H

#include "libutil/loop.h"
#include "shim/task/runtime.h"

/* How much of what a runtime prints is kept, from the end, for its error message. */
#define CALL_TAIL_MAX 1024

struct call {
	struct loop *loop;
	enum runtime_call kind;
	pid_t pid; /* 0 when none runs */
	int pidfd;
	struct loop_source exit_src;
	int outfd; /* its stdout and stderr; -1 for create, whose output is the container's */
	struct loop_source out_src;
	char tail[CALL_TAIL_MAX + 1];
	size_t tail_len;
	off_t log_from; /* where runtime.log stood before */
	int status;     /* wait(2) status of the last call */
	void (*done)(void *ctx, bool ok);
	void *ctx;
};

void call_init(struct call *c, struct loop *loop);
void call_done(struct call *c);

/* What the runtime is to work on. */
struct call_target {
	const struct record *rec;
	const char *dir; /* the record's directory */
	int dirfd;
	const char *console; /* path of the console socket, or NULL */
};

/* Start it.  `stdio` are the container's three descriptors for create, NULL else.  The runtime dies
 * with us, so that no half-made container is left to nobody. */
int call_start(struct call *c, enum runtime_call kind, const struct call_target *target,
	       const int *stdio, struct err *e);

/* Remember what came on the runtime's stderr. */
void call_note_output(struct call *c, const char *data, size_t len);
/* Describe why the last call failed.  Returns a negative errno. */
int call_failure(const struct call *c, int dirfd, struct err *e);
/* End a running call; its `done` comes all the same. */
void call_kill(struct call *c);

#endif
