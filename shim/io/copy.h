/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes from one descriptor to another, in the loop.  Between pipes the kernel
 * hands them over (splice(2)); a terminal's go through a few kilobytes of stack.
 * A slow reader makes the writer wait; nothing is dropped and no more is held
 * than one read that could not be written.
 */
#ifndef SHIM_IO_COPY_H
#define SHIM_IO_COPY_H

#include "libutil/loop.h"

enum copy_way {
	COPY_SPLICE,        /* both are pipes */
	COPY_BYTES,         /* from a pipe to anything */
	COPY_FROM_TERMINAL, /* from a terminal's master to anything */
};

struct copy {
	struct loop *loop;
	int from, to; /* owned, non-blocking; -1 before the start and after the end */
	enum copy_way way;
	struct loop_source from_src, to_src;
	bool last;  /* COPY_FROM_TERMINAL: no process will open it again */
	char *held; /* owned: read and not yet written */
	size_t len, done;
	/* May call copy_done(). */
	void (*ended)(void *ctx);
	void *ctx;
};

void copy_init(struct copy *c, struct loop *loop, void (*ended)(void *ctx), void *ctx);
void copy_done(struct copy *c);

/* Takes both descriptors, also on failure.  `ended` comes once, after the last byte was written or
 * when nobody can read any more; both are closed by then. */
int copy_start(struct copy *c, enum copy_way way, int from, int to, struct err *e);
static inline bool copy_is_running(const struct copy *c)
{
	return c->from >= 0;
}

/* The process that wrote has ended: hand over what is there without waiting.  A FIFO that is read
 * slowly is made large enough to hold it.  May call `ended`. */
void copy_flush(struct copy *c);
/* End now, whatever is left.  Calls `ended` if it was running. */
void copy_stop(struct copy *c);

#endif
