/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of this room: connections and calls of a server. */
#ifndef SHIM_TTRPC_CALL_H
#define SHIM_TTRPC_CALL_H

#include "shim/ttrpc/server.h"
#include "shim/ttrpc/wire.h"

struct ttrpc_call {
	struct ttrpc_conn *conn; /* NULL: nobody wants the answer */
	struct ttrpc_call *next, **at;
	const struct ttrpc_method *method;
	uint32_t stream;
	int64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
	void (*gone)(void *ctx, struct ttrpc_call *call);
	void *ctx;
};

struct ttrpc_conn {
	struct ttrpc_server *server;
	struct ttrpc_conn *next, **at;
	struct loop_source src;
	uint32_t events; /* what the loop watches for */
	struct ttrpc_wire wire;
	uint32_t last; /* stream */
	bool broken;   /* to be closed by its own next event */
	bool stalled;  /* frames have come that wait for room for their answers */
	struct ttrpc_call *calls;
	unsigned n_calls;
};

/* conn.c: takes `fd`. */
void ttrpc_conn_new(struct ttrpc_server *s, int fd);
void ttrpc_conn_close(struct ttrpc_conn *c);
/* Send what is in wire.out, and watch for what can happen next. */
void ttrpc_conn_push(struct ttrpc_conn *c);

/* call.c: decode a request frame and serve it. */
void ttrpc_call_begin(struct ttrpc_conn *c, uint32_t stream, const void *data, size_t len);
/* Answer a frame that is no call. */
void ttrpc_refuse(struct ttrpc_conn *c, uint32_t stream, enum ttrpc_code code, const char *text);
/* The answer is nobody's any more. */
void ttrpc_call_lose(struct ttrpc_call *call);
/* Answer that its time is up. */
void ttrpc_call_expire(struct ttrpc_call *call);

/* server.c: see that the timer goes off by then. */
void ttrpc_server_wake_by(struct ttrpc_server *s, int64_t when_ns);
int64_t ttrpc_now(void);

#endif
