/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host side of the conversation with init (runtime/sync/sync.h), from the
 * clone until init says it is ready.  Which steps come is known from the job.
 */
#ifndef RUNTIME_SPAWN_SERVE_H
#define RUNTIME_SPAWN_SERVE_H

#include "runtime/spawn/spawn.h"

struct service {
	const struct init_job *job;
	struct child *child; /* its pid and pidfd change when an intermediate made the real one */
	int sigfd;           /* -1, or readable when a signal asks us to give up */
	int bundlefd;        /* where hooks run; 0: here */
	int consolefd;       /* connection of --console-socket, or -1 */
	bool cgroup_made;    /* set: by SYNC_CGROUP_WANTED */
	int masterfd;        /* set: the pty master that nobody was given; owned by the caller */
};

/* Read the signals that ask a program to end, from here on, in place of dying of them.  Returns a
 * descriptor. */
int serve_hold_signals(struct err *e);

/* Init waits for the host side before it is ready, or must not go on before something is done. */
bool serve_has_steps(const struct init_job *job);
/* Serve until SYNC_READY. */
int serve_until_ready(struct service *s, struct err *e);
/* Say SYNC_GO and wait until the program runs: for a process that meets no start gate. */
int serve_until_exec(struct service *s, struct err *e);
/* The same when SYNC_GO was said before. */
int serve_exec(struct service *s, struct err *e);

#endif
