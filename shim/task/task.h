/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One supervised container: the matrix of task/state.h with hands and eyes.
 *
 * One thread, one epoll loop.  What happens (a runtime call ended, the
 * container's pidfd became readable, output came) is translated into an event;
 * task_post() looks up the cell and performs its action.  Who wants to know,
 * a person's `run` today, containerd or Podman later, is the front.
 */
#ifndef SHIM_TASK_TASK_H
#define SHIM_TASK_TASK_H

#include "shim/io/clients.h"
#include "shim/io/input.h"
#include "shim/io/logfile.h"
#include "shim/io/output.h"
#include "shim/io/terminal.h"
#include "shim/record/exit_record.h"
#include "shim/task/call.h"
#include "shim/task/state.h"

struct task;

/* Called at most once each; `failed` instead of all others. */
struct task_front {
	void (*started)(struct task *t, pid_t pid);
	void (*failed)(struct task *t, const struct err *why);
	void (*exited)(struct task *t, const struct exit_record *x);
	void (*ended)(struct task *t); /* the record is still there */
};

struct task {
	struct loop loop;
	enum task_state state;
	const struct task_front *front;
	void *front_ctx;

	struct arena a; /* owns the texts */
	struct record rec;
	bool claimed;    /* the record's directory is ours */
	const char *dir; /* the record's directory, absolute */
	int dirfd;
	int exitfd;    /* the reserved exit file */
	int problemfd; /* the reserved problem file */

	struct call call;
	struct err failure; /* why the start failed: the first error counts */

	pid_t init; /* 0 until adopted */
	int initfd; /* its pidfd */
	struct loop_source init_src;
	bool reported; /* front->started was called */
	bool init_gone;
	bool status_known;
	int status; /* wait(2) status */
	struct timespec exited_at;

	int signalfd;
	struct loop_source signal_src;

	struct output output;
	struct input input;
	struct terminal terminal;
	struct clients clients;
	struct logfile log;
	bool lost_noted; /* in the problem file */
	bool leftover;   /* the runtime could not delete the container */
};

/* Claim the id by making `dir` (STATE/ID) and get ready for what `wanted` says, whose strings must
 * stay. On failure nothing of it is left.  The front gets its calls from task_run(). */
int task_init(struct task *t, const char *dir, const struct record *wanted,
	      const struct task_front *front, void *ctx, struct err *e);
/* From create to the end. */
int task_run(struct task *t, struct err *e);
void task_done(struct task *t);

void task_post(struct task *t, enum task_event ev);

/* ---- between the files of this room ---- */

/* actions.c: perform one action of the matrix. */
void task_do(struct task *t, enum task_action action);

/* Take the record away, and the log if we made it and `with_log` says so. */
void task_remove_record(struct task *t, bool with_log);

/* stdio.c: make what the container's create gets as its descriptors (-1: /dev/null).  The caller
 * closes them after the call. */
int task_open_stdio(struct task *t, int stdio[3], struct err *e);
/* output.sink: to the log, then to whoever is attached. */
void task_take_output(void *task, enum stream tag, const char *data, size_t len);
/* The log cannot be written, or was not: say so in the record, once while it happens, once at the
 * end. */
void task_note_lost(struct task *t, bool final);

/* task.c: collect children that are neither the container nor the runtime: we are their reaper. */
void task_reap_orphans(struct task *t);
/* Begin to watch the container's first process. */
int task_watch_init(struct task *t, struct err *e);
/* Add a line to the record's problem file. */
void task_note_problem(struct task *t, const char *fmt, ...) PRINTF(2, 3);

#endif
