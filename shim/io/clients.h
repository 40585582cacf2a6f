/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those who are attached to a container, by the socket `attach` (io/frame.h).
 *
 * Nobody waits for a client.  Its socket's buffer is all it is given: when that
 * is full, the client gets no more output here but a notice where its output
 * goes on in the log, and stays attached for input.
 *
 * A client that shuts down its sending side says that the container's input
 * ends there; one that closes, or dies, or detaches, says nothing of the kind.
 */
#ifndef SHIM_IO_CLIENTS_H
#define SHIM_IO_CLIENTS_H

#include "libutil/loop.h"
#include "shim/io/frame.h"
#include "shim/io/input.h"

#define CLIENTS_MAX 32

struct client_conn;

struct clients {
	struct loop *loop;
	struct loop_source listen;
	int listenfd; /* owned; -1: nobody can come */
	struct client_conn *first;
	unsigned n;
	struct input *input;
	bool interactive; /* the input is a pipe that a client may end */
	char *buffer;     /* lent: FRAME_INPUT_MAX bytes between events */
};

void clients_init(struct clients *c, struct loop *loop, struct input *input, char *buffer);
void clients_done(struct clients *c);

/* Listen on `name` below a directory. */
int clients_listen(struct clients *c, int dirfd, const char *name, struct err *e);
/* One who is there from the beginning.  Takes `fd`, also on failure. */
int clients_add(struct clients *c, int fd, struct err *e);

/* Send a batch of one stream to everybody.  `in_log` and `offset` say where the batch is in the
 * log. */
void clients_send(struct clients *c, enum stream tag, const char *data, size_t len, bool in_log,
		  uint64_t offset);

/* input->ready: take input from clients, or let them wait. */
void clients_want_input(struct clients *c, bool want);

/* Everything was sent: let each client see the end of output, then go. */
void clients_close(struct clients *c);

#endif
