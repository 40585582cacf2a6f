/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/ttrpc/call.h"

#include <stdlib.h>

#include "shim/ttrpc/message.h"

static void link_call(struct ttrpc_conn *c, struct ttrpc_call *call)
{
	call->conn = c;
	call->next = c->calls;
	call->at = &c->calls;
	if (call->next)
		call->next->at = &call->next;
	c->calls = call;
	c->n_calls++;
}

static void unlink_call(struct ttrpc_call *call)
{
	if (!call->conn)
		return;
	*call->at = call->next;
	if (call->next)
		call->next->at = call->at;
	call->conn->n_calls--;
	call->conn = NULL;
}

/* An answer of our own is short: when even that does not fit, the client has not read megabytes of
 * answers and is beyond help. */
static void add_status(struct ttrpc_conn *c, uint32_t stream, enum ttrpc_code code,
		       const char *text)
{
	struct ttrpc_status status = { .code = pb_set(code), .message = text };
	struct ttrpc_response r = { .status = &status };

	if (!ttrpc_add_frame(&c->wire.out, TTRPC_RESPONSE, stream, &ttrpc_response_message, &r))
		c->broken = true;
	ttrpc_conn_push(c);
}

void ttrpc_refuse(struct ttrpc_conn *c, uint32_t stream, enum ttrpc_code code, const char *text)
{
	add_status(c, stream, code, text);
}

void ttrpc_fail(struct ttrpc_call *call, enum ttrpc_code code, const char *fmt, ...)
{
	struct ttrpc_conn *c = call->conn;
	autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	unlink_call(call);
	if (c)
		add_status(c, call->stream, code, text);
	free(call);
}

void ttrpc_reply(struct ttrpc_call *call, const void *reply)
{
	auto_(strbuf) struct strbuf body = { 0 };
	struct ttrpc_response r = { 0 };
	struct ttrpc_conn *c = call->conn;

	if (c) {
		pb_encode(call->method->reply, reply, &body);
		if (body.len)
			r.payload = (struct pb_bytes){ (const uint8_t *)body.data, body.len };
		if (!ttrpc_add_frame(&c->wire.out, TTRPC_RESPONSE, call->stream,
				     &ttrpc_response_message, &r)) {
			ttrpc_fail(call, TTRPC_RESOURCE_EXHAUSTED,
				   "the answer of %s is longer than the limit of 4 MiB",
				   call->method->name);
			return;
		}
		unlink_call(call);
		ttrpc_conn_push(c);
	}
	free(call);
}

void ttrpc_call_watch(struct ttrpc_call *call, void (*gone)(void *ctx, struct ttrpc_call *call),
		      void *ctx)
{
	call->gone = gone;
	call->ctx = ctx;
}

void ttrpc_call_lose(struct ttrpc_call *call)
{
	unlink_call(call);
	if (!call->gone)
		return;
	call->gone(call->ctx, call);
	free(call);
}

void ttrpc_call_expire(struct ttrpc_call *call)
{
	struct ttrpc_conn *c = call->conn;
	uint32_t stream = call->stream;

	ttrpc_call_lose(call);
	add_status(c, stream, TTRPC_DEADLINE_EXCEEDED, "the time that the caller gave is up");
}

static const struct ttrpc_service *find_service(const struct ttrpc_server *s, const char *name)
{
	for (size_t i = 0; name && i < s->n_services; i++)
		if (streq(s->services[i].name, name))
			return &s->services[i];
	return NULL;
}

static const struct ttrpc_method *find_method(const struct ttrpc_service *s, const char *name)
{
	for (size_t i = 0; s && name && i < s->n_methods; i++)
		if (streq(s->methods[i].name, name))
			return &s->methods[i];
	return NULL;
}

static struct ttrpc_call *make_call(struct ttrpc_conn *c, uint32_t stream,
				    const struct ttrpc_request *q, const struct ttrpc_method *m)
{
	struct ttrpc_call *call = xcalloc(1, sizeof(*call));

	call->method = m;
	call->stream = stream;
	link_call(c, call);
	if (q->timeout_nano.v > 0 &&
	    !__builtin_add_overflow(ttrpc_now(), q->timeout_nano.v, &call->deadline_ns))
		ttrpc_server_wake_by(c->server, call->deadline_ns);
	else
		call->deadline_ns = 0;
	return call;
}

static void serve(struct ttrpc_conn *c, uint32_t stream, const struct ttrpc_request *q,
		  struct arena *a)
{
	const struct ttrpc_service *service = find_service(c->server, q->service);
	const struct ttrpc_method *m = find_method(service, q->method);
	struct ttrpc_call *call;
	struct err e = { 0 };
	void *request;

	if (!m) {
		autofree char *text = xasprintf("%s '%.256s'", service ? "method" : "service",
						service ? (q->method ? q->method : "")
							: (q->service ? q->service : ""));

		add_status(c, stream, TTRPC_UNIMPLEMENTED, text);
		return;
	}
	request = arena_alloc(a, 1, m->request->size);
	if (q->payload.len &&
	    pb_decode(m->request, q->payload.data, q->payload.len, a, request, &e) < 0) {
		add_status(c, stream, TTRPC_INVALID_ARGUMENT, e.msg);
		return;
	}
	call = make_call(c, stream, q, m);
	m->serve(c->server->ctx, call, request);
}

void ttrpc_call_begin(struct ttrpc_conn *c, uint32_t stream, const void *data, size_t len)
{
	auto_(arena) struct arena a = { 0 };
	struct ttrpc_request q = { 0 };
	struct err e = { 0 };

	if (pb_decode(&ttrpc_request_message, data, len, &a, &q, &e) < 0)
		add_status(c, stream, TTRPC_INVALID_ARGUMENT, e.msg);
	else if (c->n_calls >= TTRPC_CALLS_MAX)
		add_status(c, stream, TTRPC_RESOURCE_EXHAUSTED,
			   "too many calls of this connection wait for their answer");
	else
		serve(c, stream, &q, &a);
}
