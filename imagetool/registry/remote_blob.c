/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/remote_blob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "imagetool/errors.h"
#include "imagetool/registry/http_header.h"
#include "imagetool/registry/session.h"
#include "libutil/alloc.h"
#include "libutil/strbuf.h"

#define POLL_MS 1000
/* Others' reads move this transfer on, too: so much may come before the reader takes it. */
#define BUFFER_SIZE ((size_t)512 << 10)

struct remote_blob {
	struct registry *registry;
	char *digest, *url;
	size_t endpoint; /* of the registry: the one that `url` is of */
	int64_t size;    /* -1: not known */
	int64_t at;      /* byte the buffer begins with */
	struct strbuf buffer;
	size_t taken; /* of the buffer */
	struct http_transfer transfer;
	char *authorization; /* that it went out with */
	bool running, paused, headers_seen, asked_token;
	int64_t skip; /* bytes of this answer that were had before */
	struct retry retry;
};

static int64_t position(const struct remote_blob *b)
{
	return b->at + (int64_t)b->buffer.len;
}

/* ---- One answer ---- */

static int on_headers(struct remote_blob *b, struct err *e)
{
	const struct http_answer *a = &b->transfer.answer;
	int64_t here = position(b), start;

	b->headers_seen = true;
	b->skip = 0;
	if (session_is_web_page(a))
		return session_web_page_error(b->registry, e);
	if (a->status == 200) {
		b->skip = here;
		return 0;
	}
	if (http_range_start(a->content_range, &start) < 0 || start != here)
		return err_set(e, IMAGE_EREGISTRY,
			       "the registry continues at the wrong place: '%.80s' instead of byte "
			       "%" PRId64,
			       a->content_range ? a->content_range : "", here);
	return 0;
}

static int on_body(struct http_transfer *t, const void *data, size_t len, struct err *e)
{
	struct remote_blob *b = t->ctx;
	const char *p = data;
	int r = b->headers_seen ? 0 : on_headers(b, e);

	if (r < 0)
		return r;
	b->paused = b->buffer.len && b->buffer.len + len > BUFFER_SIZE;
	if (b->paused)
		return HTTP_BODY_LATER;
	if (b->skip > 0) {
		size_t n = (uint64_t)b->skip < len ? (size_t)b->skip : len;

		b->skip -= (int64_t)n;
		p += n;
		len -= n;
	}
	if (b->size >= 0 && (uint64_t)len > (uint64_t)(b->size - position(b)))
		return err_set(e, IMAGE_EVERIFY,
			       "blob '%s' is longer than the %" PRId64 " bytes it should have",
			       b->digest, b->size);
	strbuf_add(&b->buffer, p, len);
	return strbuf_check(&b->buffer, "part of a blob", e);
}

/* ---- Tries ---- */

static int start(struct remote_blob *b, struct err *e)
{
	if (!b->url || b->endpoint != b->registry->current) {
		free(b->url);
		b->url = session_url(b->registry, "blobs/%s", b->digest);
		b->endpoint = b->registry->current;
		b->retry = (struct retry){ .max = session_retries(b->registry) };
	}
	free(b->authorization);
	b->authorization = b->registry->authorization ? xstrdup(b->registry->authorization) : NULL;
	b->transfer = (struct http_transfer){
		.url = b->url,
		.authorization = b->authorization,
		.from = position(b),
		.until = b->size - 1,
		.body = on_body,
		.ctx = b,
	};
	b->headers_seen = b->paused = false;
	b->running = true;
	return http_start(b->registry->http, &b->transfer, e);
}

static void stop(struct remote_blob *b)
{
	if (b->running)
		http_transfer_done(&b->transfer);
	b->running = b->paused = false;
}

static int give_up(const struct remote_blob *b, struct err *e)
{
	const struct http_transfer *t = &b->transfer;

	if (t->result == 0)
		return session_status_error(b->registry, &t->answer, e);
	return err_set(e, -t->result, "%s (%" PRId64 " bytes arrived)", t->err.msg, position(b));
}

/* A mirror need not have every blob: the next endpoint goes on where this one stopped. */
static int go_on_elsewhere(struct remote_blob *b, struct err *e)
{
	int r = give_up(b, e);

	stop(b);
	/* Another blob's reader may have gone there before. */
	if (b->endpoint != b->registry->current) {
		err_clear(e);
		return 0;
	}
	if (!session_is_remote(r))
		return r;
	r = session_next(b->registry, r, e);
	return r < 0 ? r : 0;
}

static int try_again(struct remote_blob *b, struct err *e)
{
	int64_t wait = session_may_retry(b->registry, &b->transfer)
			       ? retry_next(&b->retry, position(b), b->transfer.answer.retry_after)
			       : -1;

	if (wait < 0)
		return go_on_elsewhere(b, e);
	stop(b);
	return http_sleep(b->registry->http, retry_jitter(wait), e);
}

static bool came_whole(const struct remote_blob *b)
{
	const struct http_transfer *t = &b->transfer;

	return t->result == 0 && (t->answer.status == 200 || t->answer.status == 206);
}

/* The transfer has ended: 1 when that was the end of the blob, 0 to go on. */
static int judge(struct remote_blob *b, struct err *e)
{
	struct http_transfer *t = &b->transfer;

	if (t->result == 0)
		b->registry->reached = true;
	if (came_whole(b) && (b->size < 0 || position(b) >= b->size || t->answer.length >= 0)) {
		stop(b);
		return 1;
	}
	/* Without a length, the end of the connection may be a break. */
	if (came_whole(b)) {
		t->passing = true;
		t->result = err_set(&t->err, IMAGE_ENETWORK, "the transfer ended early");
	}
	if (session_is_asked(b->registry, t) && !b->asked_token) {
		int r = session_authorize(b->registry, &t->answer, e);

		b->asked_token = true;
		stop(b);
		return r < 0 ? r : 0;
	}
	return try_again(b, e);
}

/* Until the buffer has something, or the blob has ended (0). */
static int fill(struct remote_blob *b, struct err *e)
{
	while (b->buffer.len == b->taken) {
		int r;

		b->at += (int64_t)b->buffer.len;
		b->taken = 0;
		strbuf_truncate(&b->buffer, 0);
		if (b->size >= 0 && b->at >= b->size)
			return 0;
		if (b->endpoint != b->registry->current)
			stop(b);
		if (b->paused) {
			b->paused = false;
			http_resume(&b->transfer);
			continue;
		}
		r = b->running ? http_poll(b->registry->http, POLL_MS, e) : start(b, e);
		if (r < 0)
			return r;
		if (b->buffer.len)
			b->asked_token = false;
		if (!b->transfer.done || b->buffer.len)
			continue;
		r = judge(b, e);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return 1;
}

int remote_blob_read(struct remote_blob *b, void *buf, size_t size, struct err *e)
{
	int r = fill(b, e);

	if (r < 0)
		return err_wrap(e, r, "blob '%s'", b->digest);
	if (r == 0)
		return 0;
	if (size > b->buffer.len - b->taken)
		size = b->buffer.len - b->taken;
	memcpy(buf, b->buffer.data + b->taken, size);
	b->taken += size;
	return (int)size;
}

void remote_blob_seek(struct remote_blob *b, int64_t offset)
{
	if (offset == b->at + (int64_t)b->taken)
		return;
	stop(b);
	strbuf_truncate(&b->buffer, 0);
	b->taken = 0;
	b->at = offset;
}

int remote_blob_new(struct registry *r, const char *digest, int64_t size, struct remote_blob **ret,
		    struct err *e)
{
	auto_(remote_blob) struct remote_blob *b = xcalloc(1, sizeof(*b));
	int n = digest_check(digest, e);

	if (n < 0)
		return n;
	b->registry = r;
	b->size = size;
	b->digest = xstrdup(digest);
	b->buffer.max = 2 * BUFFER_SIZE;
	*ret = steal_ptr(&b);
	return 0;
}

void remote_blob_free(struct remote_blob *b)
{
	if (!b)
		return;
	stop(b);
	strbuf_done(&b->buffer);
	free(b->digest);
	free(b->url);
	free(b->authorization);
	free(b);
}
