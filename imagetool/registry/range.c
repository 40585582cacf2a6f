/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a blob, when its registry gives parts. */
#include <errno.h>

#include "imagetool/registry/http_header.h"
#include "imagetool/registry/session.h"
#include "libutil/alloc.h"

struct part {
	struct registry *registry;
	int64_t from;
	bool headers_seen;
	struct strbuf *to;
};

/* The whole blob in place of a part would be what was to be spared. */
static int check_headers(const struct http_transfer *t, struct part *p, struct err *e)
{
	int64_t start;

	p->headers_seen = true;
	if (t->answer.status == 206 && http_range_start(t->answer.content_range, &start) >= 0 &&
	    start == p->from)
		return 0;
	return err_set(e, ENOTSUP, "the registry gives no parts of blobs");
}

static int on_body(struct http_transfer *t, const void *data, size_t len, struct err *e)
{
	struct part *p = t->ctx;
	int r = p->headers_seen ? 0 : check_headers(t, p, e);

	if (r < 0)
		return r;
	strbuf_add(p->to, data, len);
	return strbuf_check(p->to, "part of a blob", e);
}

static int ask(struct registry *r, const char *url, struct part *p, int64_t until,
	       struct http_transfer *t, struct err *e)
{
	autofree char *token = r->authorization ? xstrdup(r->authorization) : NULL;
	int n;

	*t = (struct http_transfer){ .url = url,
				     .authorization = token,
				     .from = p->from,
				     .until = until,
				     .part = true,
				     .body = on_body,
				     .ctx = p };
	p->headers_seen = false;
	n = http_start(r->http, t, e);
	if (n >= 0)
		n = http_wait(r->http, t, e);
	/* Neither outlives this. */
	t->url = t->authorization = NULL;
	return n;
}

static int judge(struct registry *r, const struct http_transfer *t, const struct part *p,
		 int64_t until, struct err *e)
{
	if (t->result < 0)
		return err_set(e, -t->result, "%s", t->err.msg);
	r->reached = true;
	if (t->answer.status != 206)
		return session_status_error(r, &t->answer, e);
	if ((int64_t)p->to->len != until + 1 - p->from)
		return err_set(e, ENOTSUP, "the registry gives another part than was asked for");
	return 0;
}

int registry_get_range(struct registry *r, const char *digest, int64_t from, int64_t until,
		       struct strbuf *ret, struct err *e)
{
	autofree char *url = session_url(r, "blobs/%s", digest);
	auto_(http_transfer) struct http_transfer t = { 0 };
	struct part p = { .registry = r, .from = from, .to = ret };
	int n;

	strbuf_truncate(ret, 0);
	ret->max = (size_t)(until + 1 - from) + 1;
	n = ask(r, url, &p, until, &t, e);
	if (n >= 0 && session_is_asked(r, &t)) {
		n = session_authorize(r, &t.answer, e);
		http_transfer_done(&t);
		if (n >= 0)
			n = ask(r, url, &p, until, &t, e);
	}
	return n < 0 ? n : judge(r, &t, &p, until, e);
}
