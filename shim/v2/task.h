/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks: containers and their processes, as containerd's Task service has them.
 *
 * A shim has one task, or those of one pod.  The life of a process is the
 * core's (shim/core/process.h), its streams are shim/io's; here is what callers
 * are answered, and which events are told in which order:
 *
 *     create < start < exit < delete        exec-added < exec-started < exit
 *
 * The exit of a container's first process is the last of that container: until
 * it is told, the process counts as running.
 */
#ifndef SHIM_V2_TASK_H
#define SHIM_V2_TASK_H

#include "shim/cgroup/oom.h"
#include "shim/core/process.h"
#include "shim/io/streams.h"
#include "shim/message/task.h"
#include "shim/ttrpc/server.h"
#include "shim/v2/options.h"
#include "shim/v2/publish.h"

/* What an exit status is when nobody knows it. */
#define TASK_STATUS_UNKNOWN 255

struct task_wait;

struct tasks {
	struct loop *loop;
	struct reaper *reaper;
	struct publisher *publisher;
	const char *namespace_name;
	struct task *first;
	bool closed;                   /* nothing new is taken */
	void (*leave_name)(void *ctx); /* who comes from now on gets a shim of its own */
	void (*shutdown)(void *ctx);   /* asked for, and there is nothing left to do */
	void (*emptied)(void *ctx);    /* the last one is gone */
	void (*connected)(void *ctx);
	void (*left)(void *ctx);
	void *ctx;
};

/* A process of a container. */
struct proc {
	struct task *task;
	struct proc *next;   /* of task->execs */
	struct arena a;      /* an exec's texts; those of the first are the task's */
	const char *exec_id; /* "" for the first */
	struct process p;
	struct streams io;
	const char *stdin_path, *stdout_path, *stderr_path; /* "" for none */
	bool terminal;
	int specfd;               /* an exec's document; -1 once it has run */
	bool input_closed;        /* CloseIO came, be it before the streams were opened */
	bool drained;             /* the client has all output */
	bool told;                /* its exit is published: it counts as stopped */
	struct ttrpc_call *asker; /* of Create, Start or Delete, while that is under way */
	bool deleting;            /* by that asker */
	struct task_wait *waits;
};

struct task {
	struct tasks *all;
	struct task *next;
	struct arena a;
	struct container container;
	struct proc init;
	struct proc *execs;
	const char *checkpoint; /* what it is restored from; "" */
	struct arena *making;   /* owned: what Create needs until it is done; NULL then */
	struct msg_event_create *create_event; /* in there */
	bool made;                             /* Create is done: it can be asked for */
	uint32_t io_uid, io_gid;               /* who shall own its pipes; 0: as they are */
	bool mounted;                          /* its root file system was */
	bool paused;
	bool shared_pids; /* its processes do not end with the first */
	struct oom_watch oom;
	char *cgroup;  /* owned: cgroup_text() from its creation; NULL: not known */
	unsigned jobs; /* runtime calls on it */
	bool gone;     /* to be freed after the last of them */
};

/* ---- task.c ---- */

/* Of those that were created; NULL: the call was answered. */
struct task *task_find(struct tasks *all, struct ttrpc_call *call, const char *id);
struct proc *proc_find(struct tasks *all, struct ttrpc_call *call, const char *id,
		       const char *exec_id);
struct task *task_new(struct tasks *all, const char *id);
void task_free(struct task *t);
struct proc *proc_new_exec(struct task *t, const char *exec_id);
void proc_remove_pid_file(const struct proc *p);
void proc_free_exec(struct proc *p);
/* A name that containerd would give: nothing that is an option or a path. */
bool task_is_id(const char *id);
static inline bool proc_is_init(const struct proc *p)
{
	return p == &p->task->init;
}
/* "" for NULL. */
static inline const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

enum msg_task_status proc_status(const struct proc *p);
uint32_t proc_exit_status(const struct proc *p);
/* NULL: it has not ended, or nobody knows when. */
const struct msg_timestamp *proc_exited_at(const struct proc *p, struct msg_timestamp *buf);

/* Claim the process for a call of Create, Start or Delete; false: the call was answered. */
bool proc_claim(struct proc *p, struct ttrpc_call *call);
/* The call under way, which is to be answered; NULL: none is. */
struct ttrpc_call *proc_release(struct proc *p);

/* ---- task_exit.c ---- */

/* Publish how it ended, answer who waits. */
void proc_tell_exit(struct proc *p);
/* It never ran: who waits is not kept waiting. */
void proc_tell_failed(struct proc *p);
/* The first process has ended, or an exec has: tell the container's end if it is time. */
void task_exited(struct task *t);
void task_init_exited(struct task *t);
void task_wait_add(struct proc *p, struct ttrpc_call *call);
/* Nothing more will come. */
void task_wait_end(struct proc *p);

/* ---- task_front.c ---- */

extern const struct process_front task_process_front;
extern const struct streams_front task_streams_front;
/* Go on with a delete: now, or when the output is drained. */
void proc_continue_delete(struct proc *p);
/* "OCI runtime create failed: REASON", from the core's words, which begin with the verb. */
void task_fail(struct ttrpc_call *call, const struct proc *p, const struct err *why);

/* Take back what Create or the runtime has mounted, if it did. */
void task_unmount(struct task *t);

/* ---- task_create.c ---- */

/* As streams_open(). */
int task_open_streams(struct proc *p, struct err *e);
/* The streams are open: call the runtime. */
void task_make(struct task *t);

/* ---- the methods, in files by subject ---- */

#define X(method, request, reply)                                                                  \
	void task_serve_##method(void *tasks, struct ttrpc_call *call, const void *request);
MSG_TASK_METHODS(X)
#undef X

/* For SIGUSR1. */
void tasks_dump(const struct tasks *all);
/* At the very end; containers are left as they are. */
void tasks_done(struct tasks *all);

#endif
