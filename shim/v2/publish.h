/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells containerd what happens to containers: a queue of events, sent one at a
 * time in the order they happened.
 *
 * containerd may be away for long: what it does not take is tried again, less
 * and less often, until it is there; publisher_kick() says it may be.  Only
 * what it answers with a refusal, several times, is given up.  The queue is
 * bounded: beyond PUBLISH_EVENTS_MAX or PUBLISH_BYTES_MAX the oldest go, OOM
 * notices, which may come in thousands, before all others.
 *
 * Events travel over ttrpc; without that address, by `containerd publish`.
 */
#ifndef SHIM_V2_PUBLISH_H
#define SHIM_V2_PUBLISH_H

#include "shim/core/reaper.h"
#include "shim/message/events.h"
#include "shim/ttrpc/client.h"

#define PUBLISH_EVENTS_MAX 16384
#define PUBLISH_BYTES_MAX  ((size_t)8 << 20)

/* Strings are the caller's and stay. */
struct publish_target {
	const char *namespace_name;
	const char *ttrpc_address; /* path of a socket; NULL or "": none */
	const char *grpc_address;  /* for the program */
	const char *binary;        /* `containerd`; NULL or "": none */
};

struct publish_entry;

struct publisher {
	struct reaper *reaper;
	struct publish_target target;
	struct publish_entry *first, **end;
	size_t n, bytes;
	unsigned lost; /* since the queue was last empty */
	bool sending;  /* `first` is on its way */
	struct ttrpc_client client;
	struct child program;
	int timerfd; /* owned; -1 until first needed */
	struct loop_source timer_src;
	int64_t delay_ms;           /* before the next try; 0: the last one went well */
	void (*emptied)(void *ctx); /* all is sent, or there is nothing to send to; may be NULL */
	void *ctx;
};

void publisher_init(struct publisher *p, struct reaper *reaper, const struct publish_target *t);
/* What was not sent is lost. */
void publisher_done(struct publisher *p);

/* `event` is the message of that kind (shim/message/events.h); it is copied. */
void publish(struct publisher *p, enum msg_event kind, const void *event);
/* There is a sign that containerd is there: try now. */
void publisher_kick(struct publisher *p);
static inline bool publisher_is_empty(const struct publisher *p)
{
	return p->n == 0;
}

#endif
