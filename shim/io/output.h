/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's output: two pipes, or one terminal.  Bytes are read into one
 * buffer and handed to a sink, which keeps what it needs; nothing waits here.
 */
#ifndef SHIM_IO_OUTPUT_H
#define SHIM_IO_OUTPUT_H

#include "libutil/loop.h"
#include "shim/io/stream.h"

/* One read takes at most this; a pipe holds as much. */
#define OUTPUT_BUFFER ((size_t)64 << 10)

struct output;

struct output_stream {
	struct output *out;
	struct loop_source src;
	int fd; /* owned; -1 when there is none or it came to its end */
	enum stream tag;
};

struct output {
	struct loop *loop;
	struct output_stream stream[2];
	bool terminal;
	bool paused;
	bool init_gone; /* from now on the end of a terminal's output is final */
	char *buffer;   /* OUTPUT_BUFFER bytes, also lent out between events */
	bool touched;   /* more than a little of the buffer has memory behind it */
	void (*sink)(void *ctx, enum stream tag, const char *data, size_t len);
	void (*ended)(void *ctx); /* the last stream came to its end */
	void (*quiet)(void *ctx); /* after much output there was none for a while; may be NULL */
	void *ctx;
};

int output_init(struct output *o, struct loop *loop, struct err *e);
void output_done(struct output *o);

/* Close what is open, and be ready for the streams of another process. */
void output_reset(struct output *o);

/* Watch a descriptor; takes it, also on failure. */
int output_add_pipe(struct output *o, enum stream tag, int fd, struct err *e);
int output_add_terminal(struct output *o, int fd, struct err *e);

/* Leave what comes in the pipes, so that the container waits; and go on.  The sink may call it. */
void output_pause(struct output *o);
int output_resume(struct output *o, struct err *e);

/* Read what is there now without waiting.  Enough for everything that a process wrote which has
 * ended: a pipe holds no more than is read. */
void output_drain(struct output *o);
/* Read no more: who still writes finds that nobody reads. */
void output_close(struct output *o);
bool output_at_end(const struct output *o);

#endif
