/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ttrpc server in a loop: any number of connections, calls that are answered
 * at once or days later, in any order.
 *
 * Trusted is who is the same user as this process; others are closed unheard.
 * Of those who are heard nothing is believed: what they make us hold is bounded
 * (connections, calls of a connection, bytes in and out of it), and a client
 * that does not read its answers is not read from.  Garbage ends at worst the
 * connection it came by.
 */
#ifndef SHIM_TTRPC_SERVER_H
#define SHIM_TTRPC_SERVER_H

#include "libutil/loop.h"
#include "libutil/protobuf.h"
#include "shim/ttrpc/frame.h"

#define TTRPC_CONNECTIONS_MAX 512
/* Calls of one connection that wait for their answer; a container's client waits once for each of
 * its processes. */
#define TTRPC_CALLS_MAX 16384

struct ttrpc_call;
struct ttrpc_conn;

struct ttrpc_method {
	const char *name;
	const struct pb_message *request, *reply;
	/* `request` is an object of that type and lasts until this returns.  Each call is answered
	 * once, by ttrpc_reply() or ttrpc_fail(), here or later. */
	void (*serve)(void *ctx, struct ttrpc_call *call, const void *request);
};

struct ttrpc_service {
	const char *name;
	const struct ttrpc_method *methods;
	size_t n_methods;
};

struct ttrpc_server {
	struct loop *loop;
	const struct ttrpc_service *services;
	size_t n_services;
	void *ctx;                    /* for `serve` and the next two, which may be NULL */
	void (*connected)(void *ctx); /* somebody came */
	void (*left)(void *ctx);      /* somebody went */
	int listenfd;                 /* owned; -1: nobody can come */
	struct loop_source listen_src;
	int timerfd; /* owned; -1 until the first call with a time limit */
	struct loop_source timer_src;
	int64_t next_ns; /* when the timer goes off; 0: it does not */
	bool resting;    /* descriptors ran out: nobody is accepted until the timer goes off */
	struct ttrpc_conn *first;
	unsigned n_conns;
};

/* Serve on `listenfd`, a listening unix stream socket, which is taken, also on failure.  `services`
 * must stay. */
int ttrpc_server_init(struct ttrpc_server *s, struct loop *loop, int listenfd,
		      const struct ttrpc_service *services, size_t n_services, void *ctx,
		      struct err *e);
/* Nobody new is heard. */
void ttrpc_server_deaf(struct ttrpc_server *s);
/* Closes all connections; calls that were not answered are told they are gone. */
void ttrpc_server_done(struct ttrpc_server *s);
/* Everything that was answered has been handed to the kernel. */
bool ttrpc_server_is_flushed(const struct ttrpc_server *s);

/* Answer a call, which is no more after that.  An answer to a client that has left, or whose time
 * was up, goes nowhere. */
void ttrpc_reply(struct ttrpc_call *call, const void *reply);
void ttrpc_fail(struct ttrpc_call *call, enum ttrpc_code code, const char *fmt, ...) PRINTF(3, 4);

/* For a call that may wait long: when its client leaves or its time is up, have `gone` called,
 * after which the call is no more.  Without this it lasts until it is answered. */
void ttrpc_call_watch(struct ttrpc_call *call, void (*gone)(void *ctx, struct ttrpc_call *call),
		      void *ctx);

#endif
