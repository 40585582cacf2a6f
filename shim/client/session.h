/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person (or a pipe) attached to a container: our stdin is its input, its
 * output is our stdout and stderr.  Ends when the container has ended and all
 * its output was written, or when the person detaches.
 */
#ifndef SHIM_CLIENT_SESSION_H
#define SHIM_CLIENT_SESSION_H

#include "shim/io/ctl.h"
#include "shim/io/detach.h"
#include "shim/record/entry.h"

struct session {
	struct entry *entry;
	int sock;      /* owned: the attach socket */
	int logfd;     /* owned: the log, for a reader who falls behind; -1: it is opened by name */
	int container; /* pidfd that signals are passed on to; -1: a signal detaches */
	bool input;    /* pass our stdin on */
	struct detach detach;
};

/* Open the log, before the record may go: a container that removes itself takes the log's name
 * along, and whoever fell behind needs what is in it.  Returns -1 when that is not possible. */
int session_open_log(const struct entry *en);
/* Attach to the socket of a record. */
int session_connect(struct entry *en, int *ret_sock, struct err *e);
/* Returns the exit status for this program. */
int session_run(struct session *s, struct err *e);
/* Size of the terminal on our stdin, 0x0 when there is none. */
struct ctl_size session_terminal_size(void);

#endif
