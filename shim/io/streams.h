/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three streams of one process as a client of containerd named them.
 *
 * A container's first process that takes its whole pid namespace with it gets
 * the client's FIFOs themselves: nobody copies, and output goes on without us.
 * Where processes may live on with the streams open (an exec, a shared pid
 * namespace) it gets pipes and we copy, so that the end is ours to tell.
 * A terminal is always copied.  Files and loggers are written to directly.
 *
 *     streams_open()      everything on our side
 *     streams_give()      the process's descriptors for the runtime's create or exec
 *     streams_terminal()  the master end, for a terminal
 *     streams_ended()     the process has ended; `drained` says when all was handed over
 *     streams_done()
 */
#ifndef SHIM_IO_STREAMS_H
#define SHIM_IO_STREAMS_H

#include "shim/io/copy.h"
#include "shim/io/fifo.h"
#include "shim/io/logger.h"

/* How long somebody else may hold the streams of a process that has ended. */
#define STREAMS_LINGER_MS 2000

struct streams_want {
	const char *in, *out, *err; /* texts of uri.h, NULL or "" for none */
	bool terminal;
	bool direct;         /* it takes its pid namespace with it */
	uint32_t uid, gid;   /* who shall own pipes; 0: as they are */
	const char *id, *ns; /* of the container, for loggers */
};

struct streams_front {
	/* All is there for the process, or will never be. */
	void (*ready)(void *ctx, const struct err *why);
	/* The process has ended, and the client has all output that there will be.  May call
	 * streams_done(). */
	void (*drained)(void *ctx);
};

struct streams_output {
	struct streams *s;
	int guard; /* owned: see fifo.h; of a logger's pipe its reader */
	bool fifo;
	bool client_seen;
	int to;       /* owned: where the terminal's output will go */
	int unread;   /* owned: keeps what no client has fetched */
	int watchfd;  /* owned: tells when one comes */
	bool awaited; /* and `drained` waits for that */
	struct loop_source watch_src;
	struct copy copy;
};

struct streams {
	struct loop *loop;
	const struct streams_front *front;
	void *ctx;
	bool terminal;
	int child[3];   /* owned until streams_give() */
	int keep_in;    /* owned: our writer of the input FIFO, until CloseIO */
	int input_from; /* owned: what the terminal's input will come from */
	struct copy input;
	struct streams_output out[2];
	struct logger logger;
	int master;          /* owned: of the terminal, for its size; -1: none */
	uint16_t rows, cols; /* asked for before there was a terminal */
	bool ended;          /* the process has, and nobody was told `drained` yet */
	bool left;           /* the outputs are closed on our side */
	int timerfd;
	struct loop_source timer_src;
	int linger_ms; /* STREAMS_LINGER_MS, for tests */
};

void streams_init(struct streams *s, struct loop *loop, const struct streams_front *front,
		  void *ctx);
void streams_done(struct streams *s);

/* Returns 1 when all is ready; 0 when `ready` will tell.  Failure leaves nothing open. */
int streams_open(struct streams *s, const struct streams_want *want, struct err *e);
/* Hand the process's descriptors over (-1: /dev/null): the caller closes them when the runtime has
 * them, or else the end would never be seen.  Not for a terminal. */
void streams_give(struct streams *s, int stdio[3]);
/* Takes `master`, also on failure. */
int streams_terminal(struct streams *s, int master, struct err *e);

/* Harmless without a terminal; kept for one that is yet to come. */
int streams_resize(struct streams *s, uint16_t rows, uint16_t cols, struct err *e);
/* No more input: the process finds its end once the client has closed it, too. */
void streams_close_input(struct streams *s);

/* The process has ended: what it wrote goes to the client, and the end with it; who else has its
 * streams open gets linger_ms.  `drained` comes, perhaps at once. */
void streams_ended(struct streams *s);

#endif
