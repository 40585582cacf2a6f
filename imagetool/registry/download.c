/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs from a registry to where they are wanted.
 *
 * Each item is a small state machine: waiting (for a slot, or for the time of its
 * next try), running, done.  A transfer that breaks keeps what arrived and goes on
 * by Range; a server that ignores Range sends everything again and
 * the known part is skipped.  What is known of a blob without asking is written
 * when it is its turn, and what lies between is asked for by Range, run by run.
 */
#include <errno.h>
#include <inttypes.h>

#include "imagetool/errors.h"
#include "imagetool/registry/http_header.h"
#include "imagetool/registry/session.h"
#include "libutil/alloc.h"
#include "libutil/log.h"

#define TICK_MS 100
/* So much of what is known is written before others' transfers have their turn. */
#define KNOWN_SLICE  ((int64_t)4 << 20)
#define KNOWN_BUFFER ((size_t)128 << 10)

struct flight {
	struct registry *registry;
	struct download *item;
	bool begun; /* its sink has said where to start */
	struct http_transfer transfer;
	struct retry retry;
	char *url;
	char *token;    /* the authorization this transfer went out with */
	bool new_token; /* a 401 was answered by a fresh token since the last progress */
	bool headers_seen;
	bool failed; /* for good, here: another endpoint may do better */
	bool whole;  /* without Range: it was refused */
	unsigned tries;
	int64_t skip;       /* bytes at the start of this answer that are here already */
	int64_t not_before; /* of http_now_ms() */
};

struct downloads {
	struct registry *registry;
	struct flight *flights;
	size_t n;
	size_t running, done;
	bool writing; /* of what is known there is more to write at once */
};

/* ---- One answer ---- */

static int check_length(struct flight *f, int64_t expected, struct err *e)
{
	int64_t said = f->transfer.answer.length;

	if (said == expected)
		return 0;
	if (session_is_web_page(&f->transfer.answer))
		return session_web_page_error(f->registry, e);
	if (said < 0)
		return 0;
	return err_set(e, IMAGE_EVERIFY,
		       "the registry offers %" PRId64 " bytes where the manifest promises %" PRId64,
		       said, expected);
}

/* Where in the blob does this body begin? */
static int on_headers(struct flight *f, struct err *e)
{
	int64_t here = f->item->arrived, start;

	f->headers_seen = true;
	f->skip = 0;
	if (f->transfer.answer.status == 200) {
		f->skip = here;
		return check_length(f, f->item->size, e);
	}
	if (http_range_start(f->transfer.answer.content_range, &start) < 0 || start != here)
		return err_set(e, IMAGE_EREGISTRY,
			       "the registry continues at the wrong place: '%.80s' instead of "
			       "byte %" PRId64,
			       f->transfer.answer.content_range ? f->transfer.answer.content_range
								: "",
			       here);
	return check_length(f, f->transfer.until + 1 - here, e);
}

static int on_blob_body(struct http_transfer *t, const void *data, size_t len, struct err *e)
{
	struct flight *f = t->ctx;
	const char *p = data;
	int r = f->headers_seen ? 0 : on_headers(f, e);

	if (r < 0)
		return r;
	if (f->skip > 0) {
		size_t n = (uint64_t)f->skip < len ? (size_t)f->skip : len;

		f->skip -= (int64_t)n;
		p += n;
		len -= n;
	}
	r = f->item->sink->write(f->item->ctx, p, len, e);
	if (r < 0)
		return r;
	f->item->arrived += (int64_t)len;
	f->new_token = false;
	return 0;
}

/* ---- Starting and ending one try ---- */

static int flight_complete(struct downloads *d, struct flight *f, struct err *e)
{
	int r = f->item->sink->end(f->item->ctx, e);

	if (r < 0)
		return r;
	f->item->state = DOWNLOAD_DONE;
	d->done++;
	return 0;
}

/* 1: start a transfer; 0: nothing to do for now, or at all. */
static int flight_begin(struct downloads *d, struct flight *f, struct err *e)
{
	int r = f->item->sink->begin(f->item->ctx, &f->item->arrived, e);

	if (r < 0)
		return r;
	if (r == DOWNLOAD_LATER) {
		f->not_before = http_now_ms() + TICK_MS;
		return 0;
	}
	f->begun = true;
	if (r == DOWNLOAD_GO && f->item->arrived < f->item->size)
		return 1;
	f->item->arrived = f->item->size;
	return flight_complete(d, f, e);
}

static int write_known(struct flight *f, int64_t len, struct err *e)
{
	const struct download_known *known = f->item->known;
	autofree uint8_t *buf = xcalloc(1, KNOWN_BUFFER);

	while (len > 0) {
		size_t n = (uint64_t)len < KNOWN_BUFFER ? (size_t)len : KNOWN_BUFFER;
		int got = known->read(known->ctx, f->item->arrived, buf, n, e);
		int r = got < 0 ? got : f->item->sink->write(f->item->ctx, buf, (size_t)got, e);

		if (r < 0)
			return r;
		f->item->arrived += got;
		f->item->known_bytes += got;
		len -= got;
	}
	return 0;
}

/* 1: what comes next has to travel, up to *ret_end; 0: it is here, and some of it was written. */
static int flight_known(struct downloads *d, struct flight *f, int64_t *ret_end, struct err *e)
{
	const struct download_known *known = f->item->known;
	int64_t span = known && !f->whole ? known->span(known->ctx, f->item->arrived) : 0;
	int r;

	*ret_end = span < 0 ? f->item->arrived - span : f->item->size;
	if (span <= 0)
		return 1;
	r = write_known(f, span < KNOWN_SLICE ? span : KNOWN_SLICE, e);
	if (r < 0)
		return r;
	if (f->item->arrived >= f->item->size)
		return flight_complete(d, f, e);
	d->writing = true;
	return 0;
}

static int flight_start(struct downloads *d, struct flight *f, struct err *e)
{
	int r = f->begun ? 1 : flight_begin(d, f, e);
	int64_t end;

	if (r > 0)
		r = flight_known(d, f, &end, e);
	if (r <= 0)
		return r;
	free(f->token);
	f->token = d->registry->authorization ? xstrdup(d->registry->authorization) : NULL;
	f->headers_seen = false;
	f->tries++;
	f->transfer.url = f->url;
	f->transfer.authorization = f->token;
	f->transfer.from = f->whole ? 0 : f->item->arrived;
	f->transfer.until = end - 1;
	f->transfer.part = !f->whole && end < f->item->size;
	f->transfer.body = on_blob_body;
	f->transfer.ctx = f;
	r = http_start(d->registry->http, &f->transfer, e);
	if (r < 0)
		return r;
	f->item->state = DOWNLOAD_RUNNING;
	d->running++;
	return 0;
}

/* A token lives for minutes, a pull may last hours. */
static int flight_authorize(struct flight *f, struct err *e)
{
	struct registry *r = f->registry;
	bool stale = (f->token == NULL) != (r->authorization == NULL) ||
		     (f->token && !streq(f->token, r->authorization));

	if (stale)
		return 0; /* another transfer was refused before and fetched a new one */
	if (f->new_token)
		return session_status_error(r, &f->transfer.answer, e);
	f->new_token = true;
	return session_authorize(r, &f->transfer.answer, e);
}

static int flight_failed(struct flight *f, struct err *e)
{
	const struct http_transfer *t = &f->transfer;

	f->failed = true;
	if (t->result == 0)
		return session_status_error(f->registry, &t->answer, e);
	if (!t->passing)
		return err_set(e, -t->result, "%s", t->err.msg);
	return err_set(e, -t->result, "%s (%" PRId64 " of %" PRId64 " bytes arrived, %u tries)",
		       t->err.msg, f->item->arrived, f->item->size, f->tries);
}

/* Try again later, or report. */
static int flight_retry(struct flight *f, struct err *e)
{
	int64_t wait;

	if (!session_may_retry(f->registry, &f->transfer))
		return flight_failed(f, e);
	wait = retry_next(&f->retry, f->item->arrived, f->transfer.answer.retry_after);
	if (wait < 0)
		return flight_failed(f, e);
	log_debug("blob %s: next try in %lld ms from byte %lld", f->item->digest, (long long)wait,
		  (long long)f->item->arrived);
	f->not_before = http_now_ms() + retry_jitter(wait);
	if (f->item->arrived > 0)
		f->item->interruptions++;
	return 0;
}

static bool is_complete(const struct flight *f)
{
	const struct http_transfer *t = &f->transfer;

	return t->result == 0 && (t->answer.status == 200 || t->answer.status == 206);
}

/* Without Content-Length the end of the connection is the end of the body, even when it broke. */
static void doubt_silent_end(struct flight *f)
{
	struct http_transfer *t = &f->transfer;

	if (!is_complete(f) || t->answer.length >= 0 || f->item->arrived > t->until)
		return;
	t->passing = true;
	t->result = err_set(&t->err, IMAGE_ENETWORK, "the transfer ended early");
}

static int flight_judge(struct downloads *d, struct flight *f, struct err *e)
{
	const struct http_transfer *t = &f->transfer;

	if (t->result == 0)
		d->registry->reached = true;
	/* An empty body calls nobody: its headers were not looked at. */
	if (is_complete(f) && !f->headers_seen) {
		int r = on_headers(f, e);

		if (r < 0)
			return r;
	}
	doubt_silent_end(f);
	/* With more to come when it was a part. */
	if (is_complete(f))
		return f->item->arrived < f->item->size ? 0 : flight_complete(d, f, e);
	if (session_is_asked(f->registry, t))
		return flight_authorize(f, e);
	/* What arrived stays, it was read and hashed: who sends something else now gains nothing.
	 */
	if (t->result == 0 && t->answer.status == 416 && f->item->arrived > 0 && !f->whole) {
		f->whole = true;
		return 0;
	}
	return flight_retry(f, e);
}

/* What the store says of a blob names it already. */
static int name_blob(const struct flight *f, int r, struct err *e)
{
	if (e && starts_with(e->msg, "blob '"))
		return r;
	return err_wrap(e, r, "blob '%s'", f->item->digest);
}

static int flight_end(struct downloads *d, struct flight *f, struct err *e)
{
	int r;

	f->item->state = DOWNLOAD_WAITING;
	d->running--;
	r = flight_judge(d, f, e);
	/* Frees the connection for others while this one waits. */
	http_transfer_done(&f->transfer);
	return r < 0 ? name_blob(f, r, e) : 0;
}

/* ---- All of them ---- */

static int start_ready(struct downloads *d, struct err *e)
{
	int64_t now = http_now_ms();

	d->writing = false;
	for (size_t i = 0; i < d->n && d->running < REGISTRY_PARALLEL; i++) {
		struct flight *f = &d->flights[i];
		int r;

		if (f->item->state != DOWNLOAD_WAITING || f->not_before > now)
			continue;
		r = flight_start(d, f, e);
		if (r < 0)
			return err_wrap(e, r, "blob '%s'", f->item->digest);
	}
	return 0;
}

static int end_finished(struct downloads *d, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < d->n && r >= 0; i++) {
		struct flight *f = &d->flights[i];

		if (f->item->state == DOWNLOAD_RUNNING && f->transfer.done)
			r = flight_end(d, f, e);
	}
	return r;
}

/* The tick comes before the wait: what started, or was there already, is known at once. */
static int download_all(struct downloads *d, download_more_fn *tick, void *ctx, struct err *e)
{
	for (;;) {
		int r = start_ready(d, e);

		if (r >= 0)
			r = tick(ctx, e);
		if (r < 0 || (r == 0 && d->done == d->n))
			return r;
		r = http_poll(d->registry->http, d->writing ? 0 : TICK_MS, e);
		if (r >= 0)
			r = end_finished(d, e);
		if (r < 0)
			return r;
	}
}

static void flights_free(struct downloads *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct flight *f = &d->flights[i];

		http_transfer_done(&f->transfer);
		free(f->url);
		free(f->token);
	}
	free(d->flights);
}

void registry_wake(struct registry *r)
{
	http_wake(__atomic_load_n(&r->http, __ATOMIC_ACQUIRE));
}

/* A mirror need not have every blob, nor live as long as the download: the next endpoint goes on
 * where it stopped.  1: it does; else the failure there is. */
static int go_on_elsewhere(struct downloads *d, int result, struct err *e)
{
	bool failed = false;

	for (size_t i = 0; i < d->n; i++)
		failed = failed || d->flights[i].failed;
	if (!failed || !session_is_remote(result))
		return result;
	for (size_t i = 0; i < d->n; i++)
		http_transfer_done(&d->flights[i].transfer);
	d->running = 0;
	result = session_next(d->registry, result, e);
	for (size_t i = 0; i < d->n && result > 0; i++) {
		struct flight *f = &d->flights[i];

		free(f->url);
		f->url = session_url(d->registry, "blobs/%s", f->item->digest);
		f->retry = (struct retry){ .max = session_retries(d->registry) };
		f->failed = f->new_token = f->whole = false;
		f->not_before = 0;
		if (f->item->state == DOWNLOAD_RUNNING)
			f->item->state = DOWNLOAD_WAITING;
	}
	return result;
}

int registry_download(struct registry *r, struct download *items, size_t n, download_more_fn *tick,
		      void *ctx, struct err *e)
{
	struct downloads d = { .registry = r, .n = n };
	int result;

	d.flights = xcalloc(n ? n : 1, sizeof(*d.flights));
	for (size_t i = 0; i < n; i++) {
		d.flights[i] = (struct flight){
			.registry = r,
			.item = &items[i],
			.retry = { .max = session_retries(r) },
			.url = session_url(r, "blobs/%s", items[i].digest),
		};
	}
	do {
		result = download_all(&d, tick, ctx, e);
		if (result < 0)
			result = go_on_elsewhere(&d, result, e);
	} while (result > 0);
	flights_free(&d);
	return result;
}
