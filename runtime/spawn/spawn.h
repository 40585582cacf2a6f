/* SPDX-License-Identifier: Apache-2.0 */
/* The clone that makes the init side's process, and the host side's first moment with it. */
#ifndef RUNTIME_SPAWN_SPAWN_H
#define RUNTIME_SPAWN_SPAWN_H

#include "runtime/init/init.h"

struct child {
	pid_t pid;   /* 0: none */
	int pidfd;   /* owned */
	int syncfd;  /* our end of the conversation; owned */
	int initfd;  /* init's end, open until the clone; owned */
	bool reaped; /* its status was collected: the pid may belong to another */
	int status;  /* wait(2) status once reaped */
};
#define CHILD_NONE                                                                                 \
	{                                                                                          \
		.pidfd = -1, .syncfd = -1, .initfd = -1                                            \
	}

/* Make the conversation's sockets; sets job->syncfd. */
int child_prepare(struct child *c, struct init_job *job, struct err *e);

/*
 * Clone the process that runs init_run(job): with job->plan's namespaces, inside the pid namespace
 * the plan joins, and, where the kernel can, inside job->cgroup from its first instruction.
 * `close_fds` are descriptors of ours that the child must not keep even until its exec: locks live
 * as long as any copy of their open file.
 */
int child_spawn(struct child *c, struct init_job *job, const int *close_fds, size_t n_close,
		struct err *e);

/* Kill and reap, within seconds; harmless when there is none. */
void child_kill(struct child *c);
/* Collect the status of a child that ended or is about to. */
int child_wait(struct child *c, struct err *e);
/* Kill what is left and give back the descriptors. */
void child_done(struct child *c);
/* Forget a child that lives on without us. */
void child_release(struct child *c);

#endif
