/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ttrpc client in a loop: one server, one call at a time, each with a time
 * limit.  It connects when there is something to ask, stays connected, and
 * notices when the other side leaves.
 */
#ifndef SHIM_TTRPC_CLIENT_H
#define SHIM_TTRPC_CLIENT_H

#include "libutil/loop.h"
#include "libutil/protobuf.h"
#include "shim/ttrpc/wire.h"

/* How a call ended. */
struct ttrpc_outcome {
	int error; /* 0: answered; else a negative errno, and nobody knows whether it was served */
	int64_t code;            /* of the answer; TTRPC_OK is success */
	const char *message;     /* of the failure; "" */
	struct pb_bytes payload; /* lasts until the callback returns */
};

struct ttrpc_client {
	struct loop *loop;
	const char *path; /* of the socket */
	struct ttrpc_wire wire;
	struct loop_source src;
	bool wants_out; /* the loop watches for room */
	int timerfd;    /* owned; -1 until the first call */
	struct loop_source timer_src;
	uint32_t stream; /* of the last call; 0 on a new connection */
	bool busy;
	void (*done)(void *ctx, const struct ttrpc_outcome *o);
	void *ctx;
};

/* `path` must stay. */
void ttrpc_client_init(struct ttrpc_client *c, struct loop *loop, const char *path,
		       void (*done)(void *ctx, const struct ttrpc_outcome *o), void *ctx);
void ttrpc_client_done(struct ttrpc_client *c);

/* Ask.  When this succeeds, `done` comes later, once; it may ask again.  Not while another call is
 * under way. */
int ttrpc_client_call(struct ttrpc_client *c, const char *service, const char *method,
		      struct pb_bytes payload, int timeout_ms, struct err *e);

/* Connect to a unix socket whatever the length of its path, without waiting: -EAGAIN when the
 * server has too many waiting already.  Returns a non-blocking descriptor. */
int ttrpc_connect(const char *path, struct err *e);

#endif
