/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those who are attached to a container, by the socket `attach` (io/frame.h).
 *
 * What happens when a client reads so slowly that its socket is full is the
 * owner's choice:
 *
 *     CLIENTS_NOTICE  nobody waits for it: it gets no more output here but a
 *                     notice where its output goes on in the log, and stays
 *                     attached for input
 *     CLIENTS_WAIT    it misses nothing: the batch is kept until it has taken
 *                     it, and the owner reads no more output until then.  For
 *                     podman's clients, which know no notice, and for output
 *                     that is in no log.
 *
 * A client that shuts down its sending side says that the container's input
 * ends there; one that closes, or dies, or detaches, says so only where
 * `hangup_ends_input` is set, as conmon understands it.  What a client sent before
 * it went is taken all the same.
 */
#ifndef SHIM_IO_CLIENTS_H
#define SHIM_IO_CLIENTS_H

#include "libutil/loop.h"
#include "shim/io/backlog.h"
#include "shim/io/frame.h"
#include "shim/io/input.h"

#define CLIENTS_MAX 32

enum clients_slow { CLIENTS_NOTICE, CLIENTS_WAIT };

struct client_conn;

struct clients {
	struct loop *loop;
	struct loop_source listen;
	int listenfd; /* owned; -1: nobody can come */
	struct client_conn *first;
	unsigned n;
	unsigned max; /* CLIENTS_MAX */
	struct input *input;
	bool interactive; /* the input is a pipe that a client may end */
	bool hangup_ends_input;
	char *buffer; /* lent: FRAME_INPUT_MAX bytes between events */
	enum clients_slow slow;
	struct backlog backlog; /* CLIENTS_WAIT */
	/* CLIENTS_WAIT: all have taken everything.  May call clients_close(). */
	void (*caught_up)(void *ctx);
	void *ctx;
};

void clients_init(struct clients *c, struct loop *loop, struct input *input, char *buffer);
void clients_done(struct clients *c);

/* Listen on `name` below a directory. */
int clients_listen(struct clients *c, int dirfd, const char *name, struct err *e);
/* One who is there from the beginning.  Takes `fd`, also on failure. */
int clients_add(struct clients *c, int fd, struct err *e);

/* Send a batch of one stream to everybody.  `where` says where a reader finds the batch in the log,
 * for the notice; NULL: nowhere.  With CLIENTS_WAIT see clients_are_behind() afterwards. */
void clients_send(struct clients *c, enum stream tag, const char *data, size_t len,
		  const struct frame_behind *where);

/* Somebody has not taken everything: wait for `caught_up`. */
static inline bool clients_are_behind(const struct clients *c)
{
	return !backlog_is_empty(&c->backlog);
}

/* input->ready: take input from clients, or let them wait. */
void clients_want_input(struct clients *c, bool want);

/* Everything was sent: let each client see the end of output, then go. */
void clients_close(struct clients *c);

#endif
