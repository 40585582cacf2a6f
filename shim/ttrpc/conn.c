/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of a server.  It is closed by its own event only, or with the
 * server: an answer never closes, so that whoever answers a row of calls need
 * not fear that the rest of the row goes away underneath.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "libutil/alloc.h"
#include "libutil/log.h"
#include "shim/ttrpc/call.h"

/* A client that lets this much pile up is not read from until less than that is left. */
#define PENDING_HIGH ((size_t)64 << 10)

static bool has_room(const struct ttrpc_conn *c)
{
	return ttrpc_wire_pending(&c->wire) < PENDING_HIGH;
}

static void watch(struct ttrpc_conn *c)
{
	uint32_t events = 0;

	if (has_room(c))
		events |= EPOLLIN;
	if (ttrpc_wire_pending(&c->wire) || c->stalled)
		events |= EPOLLOUT;
	if (events == c->events)
		return;
	c->events = events;
	if (loop_modify(c->server->loop, &c->src, events, NULL) < 0)
		c->broken = true;
}

void ttrpc_conn_push(struct ttrpc_conn *c)
{
	if (!c->broken && ttrpc_wire_flush(&c->wire) < 0)
		c->broken = true;
	if (!c->broken)
		watch(c);
	if (!c->broken)
		return;
	/* Hangs up on both sides, which is an event whatever is watched for. */
	(void)shutdown(c->wire.fd, SHUT_RDWR);
	strbuf_done(&c->wire.out);
	c->wire.sent = 0;
}

void ttrpc_conn_close(struct ttrpc_conn *c)
{
	loop_remove(c->server->loop, &c->src);
	c->broken = true;
	while (c->calls)
		ttrpc_call_lose(c->calls);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	c->server->n_conns--;
	ttrpc_wire_done(&c->wire);
	free(c);
}

static void leave(struct ttrpc_conn *c)
{
	struct ttrpc_server *s = c->server;

	ttrpc_conn_close(c);
	if (s->left)
		s->left(s->ctx);
}

/* Whole frames, as long as their answers have room. */
static void take_frames(struct ttrpc_conn *c)
{
	struct ttrpc_refusal why = { 0 };
	struct ttrpc_header h;
	const uint8_t *data;

	while (!c->broken && has_room(c) && ttrpc_wire_next(&c->wire, &h, &data)) {
		switch (ttrpc_judge(&h, &c->last, &why)) {
		case TTRPC_SERVE:
			ttrpc_call_begin(c, h.stream, data, h.length);
			break;
		case TTRPC_REFUSE:
			ttrpc_refuse(c, h.stream, why.code, why.text);
			break;
		case TTRPC_IGNORE:
			break;
		}
	}
	ttrpc_wire_settle(&c->wire);
	c->stalled = !has_room(c) && c->wire.in.len > 0;
	ttrpc_conn_push(c);
}

static int on_ready(struct loop *l UNUSED, struct loop_source *src, uint32_t events,
		    struct err *e UNUSED)
{
	struct ttrpc_conn *c = src->ctx;
	ssize_t n = -EAGAIN;

	ttrpc_conn_push(c);
	/* Of a client that is not read from, the end is an event all the same. */
	if (!c->broken && has_room(c))
		n = ttrpc_wire_read(&c->wire);
	else if (events & (EPOLLHUP | EPOLLERR))
		n = 0;
	if (n == 0 || (n < 0 && n != -EAGAIN)) {
		leave(c);
		return 0;
	}
	/* Also frames from before, for which there was no room. */
	take_frames(c);
	if (c->broken)
		leave(c);
	return 0;
}

void ttrpc_conn_new(struct ttrpc_server *s, int fd)
{
	struct ttrpc_conn *c = xcalloc(1, sizeof(*c));
	struct err e = { 0 };

	c->server = s;
	c->wire.fd = fd;
	c->events = EPOLLIN;
	if (loop_add(s->loop, &c->src, fd, c->events, on_ready, c, &e) < 0) {
		log_debug("%s", e.msg);
		ttrpc_wire_done(&c->wire);
		free(c);
		return;
	}
	c->next = s->first;
	c->at = &s->first;
	if (c->next)
		c->next->at = &c->next;
	s->first = c;
	s->n_conns++;
}
