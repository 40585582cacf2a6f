/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One supervised process: the matrix of core/state.h with hands and eyes.
 *
 * A front (the shim for containerd, conmon's command line, `creel-shim run`)
 * asks for create, start and delete; the runtime is called beside everything
 * else, and the front is told how it went.  What the process reads and writes
 * is the front's business.
 *
 *     container's first process   create, start, delete
 *     restored from a checkpoint  start (the runtime's restore), delete
 *     exec'ed into a container    start (the runtime's exec --detach), delete (of our record of it)
 *
 * Every function of the front may come from within process_create() and its
 * sisters.  In `deleted`, and in `failed` with PROCESS_FAILED, the front may
 * free the process.
 */
#ifndef SHIM_CORE_PROCESS_H
#define SHIM_CORE_PROCESS_H

#include "shim/core/call.h"
#include "shim/core/console.h"
#include "shim/core/state.h"

struct process;

struct process_front {
	/* Make what the process gets as its descriptors 0 to 2 (-1: /dev/null); they are closed
	 * here when the runtime has them.  Not called with a terminal. */
	int (*open_stdio)(struct process *p, int stdio[3], struct err *e);
	/* The master end of its terminal, which is the front's from now on. */
	int (*take_terminal)(struct process *p, int master, struct err *e);
	/* The process is known (p->pid), its program does not run yet. */
	void (*created)(struct process *p);
	void (*started)(struct process *p);
	/* Create, start, exec or restore failed.  p->state is PROCESS_FAILED, and nothing is left;
	 * or PROCESS_CREATED or PROCESS_STOPPED after a failed start: delete it. */
	void (*failed)(struct process *p, const struct err *why);
	/* Once; p->end says how.  Its output may not have been read yet. */
	void (*exited)(struct process *p);
	/* `why` NULL: done.  Else it is PROCESS_CREATED or PROCESS_STOPPED still, and can be tried
	 * again. */
	void (*deleted)(struct process *p, const struct err *why);
};

/* What the processes of one container share. */
struct container {
	const char *id;
	const char *bundle;     /* absolute */
	struct runtime runtime; /* strings are the front's */
	struct reaper *reaper;
	int dirfd; /* where console sockets are made: the front's, and only it may write there */
	unsigned consoles; /* made so far */
};

enum process_kind {
	PROCESS_INIT,
	PROCESS_RESTORED,
	PROCESS_EXECED,
};

struct process {
	struct container *container;
	enum process_kind kind;
	enum process_state state;
	const struct process_front *front;
	void *ctx; /* the front's */

	/* Set before create or start; strings are the front's. */
	bool terminal;
	const char *pid_file;     /* absolute; the runtime writes it */
	const char *process_file; /* exec: config.json's `process` */
	const char *image_path;   /* restore */
	const char *work_path;    /* restore, or NULL */
	struct oci_strings more;  /* further options of create, exec or restore */

	struct call call;
	struct console console;
	struct err *failure; /* owned: the first error counts; NULL: none */

	pid_t pid; /* 0: not known yet; stays after the end */
	struct child child;
	bool exited; /* `end` is there */
	struct child_end end;
};

/* The front fills in what else it wants. */
void process_init(struct process *p, struct container *c, enum process_kind kind,
		  const struct process_front *front, void *ctx);
/* Forget it: ends a running call, and leaves the process alone. */
void process_done(struct process *p);

/* -EPROTO when the state does not allow it: nothing was done, `e` says "cannot VERB a process that
 * is STATE".  All else is told to the front. */
int process_create(struct process *p, struct err *e);
int process_start(struct process *p, struct err *e);
int process_delete(struct process *p, struct err *e);
/* Nobody wants it any more: end the runtime's call and undo.  `failed` comes, with -ECANCELED if
 * nothing failed before. */
void process_abandon(struct process *p);
/* Somebody else has called the runtime's start (Podman does). */
void process_started_by_other(struct process *p);

/* While create or start runs, its standard error may be the container's: what came there may be the
 * reason of a failure. */
void process_note_stderr(struct process *p, const char *data, size_t len);

/* Has a process of its own that may still run: is known and has not ended. */
static inline bool process_lives(const struct process *p)
{
	return p->pid > 0 && !p->exited;
}

#endif
