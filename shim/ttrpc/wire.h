/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames over one socket: what has come and is not a whole frame yet, what is
 * to go and does not fit the socket.  Never waits.  Memory is taken as bytes
 * come, not as a header promises, and given back when there is nothing to hold.
 */
#ifndef SHIM_TTRPC_WIRE_H
#define SHIM_TTRPC_WIRE_H

#include "libutil/err.h"
#include "libutil/strbuf.h"
#include "shim/ttrpc/frame.h"

struct ttrpc_wire {
	int fd; /* owned, non-blocking; -1: none */
	struct strbuf in, out;
	size_t at;     /* what of `in` was taken */
	size_t sent;   /* what of `out` the socket has */
	uint32_t skip; /* what is still to come of a frame that was dropped */
};

void ttrpc_wire_done(struct ttrpc_wire *w);

/* Read once.  The number of bytes, 0 at the end; -EAGAIN when there is nothing. */
ssize_t ttrpc_wire_read(struct ttrpc_wire *w);

/* The next frame, when it is whole; one that is longer than allowed comes at once, with its header
 * only.  The data lies in the buffer until ttrpc_wire_settle(). */
bool ttrpc_wire_next(struct ttrpc_wire *w, struct ttrpc_header *ret, const uint8_t **ret_data);
/* After the last frame of a round. */
void ttrpc_wire_settle(struct ttrpc_wire *w);

/* Send what the socket takes of `out`.  -errno when the connection is broken. */
int ttrpc_wire_flush(struct ttrpc_wire *w);
/* Bytes that wait to be sent. */
static inline size_t ttrpc_wire_pending(const struct ttrpc_wire *w)
{
	return w->out.len - w->sent;
}

#endif
