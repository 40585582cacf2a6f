/* SPDX-License-Identifier: Apache-2.0 */
/* One blob from request to request: a table of what each sends and who judges its answer. */
#include <errno.h>
#include <inttypes.h>

#include "imagetool/errors.h"
#include "imagetool/registry/http_url.h"
#include "imagetool/registry/upload_internal.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"
#include "libutil/log.h"
#include "libutil/parse.h"

/* ---- Where it goes on ---- */

/* Asking costs nothing where an upload would begin by a request of its own anyway. */
static bool wants_mount(const struct shipment *s)
{
	bool any = s->all->opts->any_mount && s->item->size > UPLOAD_SINGLE_MAX;

	return !s->no_mount && (s->item->mount_from || any);
}

/* The first request that may end up with an upload; a registry that loses them all is given up. */
static int begin(struct shipment *s, struct err *e)
{
	if (s->begun > UPLOAD_BEGUN_MAX)
		return err_set(e, IMAGE_EREGISTRY,
			       "'%s' lost %u uploads of it that it had begun: giving up",
			       s->all->registry->host, s->begun);
	if (wants_mount(s))
		s->step = STEP_MOUNT;
	else if (s->item->size <= UPLOAD_SINGLE_MAX && !s->no_single && !s->all->no_single)
		s->step = STEP_SINGLE;
	else
		s->step = STEP_BEGIN;
	return 0;
}

static void forget_location(struct shipment *s)
{
	free(s->location);
	s->location = NULL;
	s->arrived = 0;
	s->item->sent = 0;
	s->item->remembered = false;
}

/* The registry does not know the upload any more. */
static int begin_again(struct shipment *s, struct err *e)
{
	log_debug("upload of '%s' begins again", s->item->digest);
	forget_location(s);
	return begin(s, e);
}

/* After `arrived` is known: the rest, or the end. */
static void go_on(struct shipment *s)
{
	int64_t left = s->item->size - s->arrived;

	s->part = upload_part(left, s->chunk, s->chunk_min);
	s->item->sent = s->arrived;
	s->step = left == 0 || s->part == s->item->size ? STEP_FINISH : STEP_CHUNK;
}

static int take_location(struct shipment *s, bool required, struct err *e)
{
	const struct http_answer *a = &s->transfer.answer;
	char *url;
	int r;

	if (!a->location && !required)
		return 0;
	if (!a->location)
		return err_set(e, IMAGE_EREGISTRY,
			       "'%s' answers %d without saying where to send it (no Location): it "
			       "is no registry, or a proxy spoils its answers",
			       s->all->registry->host, a->status);
	r = http_resolve(s->all->registry->http, a->url ? a->url : s->url, a->location, &url, e);
	if (r < 0)
		return err_wrap(e, r, "where to send it");
	free(s->location);
	s->location = url;
	upload_session_write(&s->session, s->session_key, url);
	return 0;
}

/* A registry that stored something else than was sent must not pass for one that did. */
static int done(struct shipment *s, enum upload_outcome outcome, struct err *e)
{
	const char *digest = s->transfer.answer.digest;

	if (digest && digest_check(digest, NULL) == 0 && !streq(digest, s->item->digest) &&
	    outcome != UPLOAD_PRESENT)
		return err_set(e, IMAGE_EVERIFY, "the registry says that it is '%s' there", digest);
	free(s->location);
	s->location = NULL;
	upload_session_forget(&s->session);
	s->item->outcome = outcome;
	s->item->sent = s->item->size;
	s->item->state = UPLOAD_DONE;
	return 0;
}

/* ---- Answers ---- */

static int refused(struct shipment *s, struct err *e)
{
	return session_status_error(s->all->registry, &s->transfer.answer, e);
}

static int judge_look(struct shipment *s, struct err *e)
{
	switch (s->transfer.answer.status) {
	case 200:
		return done(s, s->item->travelled > 0 ? UPLOAD_SENT : UPLOAD_PRESENT, e);
	case 404:
		if (!s->location)
			return begin(s, e);
		s->step = STEP_STATUS;
		return 0;
	default:
		return refused(s, e);
	}
}

static int begun(struct shipment *s, struct err *e)
{
	const char *least = s->transfer.answer.chunk_min;
	int r;

	s->begun++;
	s->arrived = 0;
	if (least && (parse_i64(least, &s->chunk_min) < 0 || s->chunk_min < 0))
		s->chunk_min = 0;
	r = take_location(s, true, e);
	if (r >= 0)
		go_on(s);
	return r;
}

static int judge_mount(struct shipment *s, struct err *e)
{
	s->no_mount = true;
	if (s->transfer.answer.status == 201)
		return done(s, UPLOAD_MOUNTED, e);
	if (s->transfer.answer.status == 202)
		return begun(s, e);
	/* Whatever the other repository is, or is not: it can be sent. */
	return begin(s, e);
}

static int judge_single(struct shipment *s, struct err *e)
{
	switch (s->transfer.answer.status) {
	case 201:
		return done(s, UPLOAD_SENT, e);
	case 202:
		s->all->no_single = true;
		return begun(s, e);
	case 403:
	case 429:
		return refused(s, e);
	default:
		s->no_single = true;
		return begin(s, e);
	}
}

static int judge_begin(struct shipment *s, struct err *e)
{
	return s->transfer.answer.status == 202 ? begun(s, e) : refused(s, e);
}

static int judge_status(struct shipment *s, struct err *e)
{
	const struct http_answer *a = &s->transfer.answer;
	int64_t arrived = 0;
	int r;

	if (a->status != 200 && a->status != 202 && a->status != 204)
		return begin_again(s, e);
	if ((a->range && upload_range(a->range, &arrived) < 0) || arrived > s->item->size)
		return begin_again(s, e);
	r = take_location(s, false, e);
	if (r < 0)
		return r;
	s->arrived = arrived;
	go_on(s);
	return 0;
}

/* It is out of step with us: ask where it is, a few times. */
static int ask_status(struct shipment *s, struct err *e)
{
	int64_t wait = retry_next(&s->retry, s->arrived, 0);

	if (wait < 0)
		return refused(s, e);
	s->not_before = http_now_ms() + retry_jitter(wait);
	s->step = STEP_STATUS;
	return 0;
}

static int send_less(struct shipment *s, struct err *e)
{
	int64_t chunk = upload_smaller_chunk(s->part, s->chunk_min);

	if (chunk == 0)
		return refused(s, e);
	log_debug("'%s' in chunks of %" PRId64 " bytes", s->item->digest, chunk);
	s->chunk = chunk;
	s->step = STEP_STATUS;
	return 0;
}

/* What PATCH and PUT have in common when it did not work. */
static int judge_refusal(struct shipment *s, struct err *e)
{
	switch (s->transfer.answer.status) {
	case 413:
		return send_less(s, e);
	case 416:
		return ask_status(s, e);
	case 404:
		return begin_again(s, e);
	case 400:
		/* docker's registry takes an upload for damaged after a transfer that broke. */
		if (s->item->remembered || s->item->interruptions > 0)
			return begin_again(s, e);
		return refused(s, e);
	default:
		return refused(s, e);
	}
}

static int judge_chunk(struct shipment *s, struct err *e)
{
	const struct http_answer *a = &s->transfer.answer;
	int64_t arrived = s->arrived + s->part;
	int r;

	if (a->status < 200 || a->status > 204)
		return judge_refusal(s, e);
	r = take_location(s, false, e);
	if (r < 0)
		return r;
	if (a->range && (upload_range(a->range, &arrived) < 0 || arrived <= s->arrived ||
			 arrived > s->arrived + s->part))
		return ask_status(s, e);
	s->arrived = arrived;
	go_on(s);
	return 0;
}

static int judge_finish(struct shipment *s, struct err *e)
{
	int status = s->transfer.answer.status;

	return status == 201 || status == 204 ? done(s, UPLOAD_SENT, e) : judge_refusal(s, e);
}

/* ---- Requests ---- */

static void ask_look(struct shipment *s, struct strbuf *url)
{
	autofree char *text = session_url(s->all->registry, "blobs/%s", s->item->digest);

	strbuf_adds(url, text);
}

static void add_uploads(struct shipment *s, struct strbuf *url)
{
	autofree char *text = session_url(s->all->registry, "blobs/uploads/");

	strbuf_adds(url, text);
}

/* sha256 is what registries think of by themselves. */
static void add_algorithm(const struct shipment *s, struct strbuf *url)
{
	if (starts_with(s->item->digest, "sha512:"))
		url_add_query(url, "digest-algorithm", "sha512");
}

static void ask_mount(struct shipment *s, struct strbuf *url)
{
	add_uploads(s, url);
	url_add_query(url, "mount", s->item->digest);
	if (s->item->mount_from)
		url_add_query(url, "from", s->item->mount_from);
	add_algorithm(s, url);
}

static void ask_single(struct shipment *s, struct strbuf *url)
{
	add_uploads(s, url);
	url_add_query(url, "digest", s->item->digest);
	s->part = s->item->size;
	shipment_set_payload(s);
}

static void ask_begin(struct shipment *s, struct strbuf *url)
{
	add_uploads(s, url);
	add_algorithm(s, url);
}

static void ask_status_request(struct shipment *s, struct strbuf *url)
{
	strbuf_adds(url, s->location);
}

static void ask_chunk(struct shipment *s, struct strbuf *url)
{
	strbuf_adds(url, s->location);
	strv_addf(&s->headers, "Content-Range: %" PRId64 "-%" PRId64, s->arrived,
		  s->arrived + s->part - 1);
	shipment_set_payload(s);
}

static void ask_finish(struct shipment *s, struct strbuf *url)
{
	strbuf_adds(url, s->location);
	url_add_query(url, "digest", s->item->digest);
	if (s->arrived < s->item->size)
		shipment_set_payload(s);
}

static const struct {
	const char *method;
	void (*ask)(struct shipment *s, struct strbuf *url);
	int (*judge)(struct shipment *s, struct err *e);
	enum upload_step when_broken; /* a connection that breaks leaves in doubt what arrived */
} steps[] = {
	[STEP_LOOK] = { "HEAD", ask_look, judge_look, STEP_LOOK },
	[STEP_MOUNT] = { "POST", ask_mount, judge_mount, STEP_MOUNT },
	[STEP_SINGLE] = { "POST", ask_single, judge_single, STEP_LOOK },
	[STEP_BEGIN] = { "POST", ask_begin, judge_begin, STEP_BEGIN },
	[STEP_STATUS] = { "GET", ask_status_request, judge_status, STEP_STATUS },
	[STEP_CHUNK] = { "PATCH", ask_chunk, judge_chunk, STEP_STATUS },
	[STEP_FINISH] = { "PUT", ask_finish, judge_finish, STEP_LOOK },
};

int shipment_prepare(struct shipment *s, struct err *e)
{
	struct registry *r = s->all->registry;
	auto_(strbuf) struct strbuf url = { 0 };
	/* A token that ends on the way would cost the whole body again. */
	int n = session_renew(r, e);

	if (n < 0)
		return n;
	strv_done(&s->headers);
	s->transfer.payload = NULL;
	steps[s->step].ask(s, &url);
	if (s->transfer.payload)
		strv_add(&s->headers, "Content-Type: application/octet-stream");
	free(s->url);
	s->url = strbuf_steal(&url);
	free(s->token);
	s->token = r->authorization ? xstrdup(r->authorization) : NULL;
	s->transfer.method = steps[s->step].method;
	s->transfer.url = s->url;
	s->transfer.headers = &s->headers;
	/* An upload may go on at another host: our token is none of its business. */
	s->transfer.authorization = session_secret_for(r, s->url) ? s->token : NULL;
	s->transfer.foreign = !session_owns_url(r, s->url);
	return http_start(r->http, &s->transfer, e);
}

/* ---- Second chances ---- */

/* A token lives for minutes, a push may last hours; mounting needs rights of its own. */
static int authorize(struct shipment *s, struct err *e)
{
	struct registry *r = s->all->registry;
	bool stale = (s->token == NULL) != (r->authorization == NULL) ||
		     (s->token && !streq(s->token, r->authorization));

	if (stale)
		return 0; /* another transfer was refused before and fetched a new one */
	if (s->new_token && s->step == STEP_MOUNT)
		return judge_mount(s, e);
	if (s->new_token)
		return refused(s, e);
	s->new_token = true;
	return session_authorize(r, &s->transfer.answer, e);
}

static int failed(struct shipment *s, struct err *e)
{
	const struct http_transfer *t = &s->transfer;

	if (t->result == 0)
		return refused(s, e);
	if (!t->passing)
		return err_set(e, -t->result, "%s", t->err.msg);
	return err_set(e, -t->result, "%s (%" PRId64 " of %" PRId64 " bytes went)", t->err.msg,
		       s->item->sent, s->item->size);
}

static int try_again(struct shipment *s, struct err *e)
{
	const struct http_answer *a = &s->transfer.answer;
	int64_t wait = retry_next(&s->retry, s->item->sent, a->retry_after);

	if (wait < 0)
		return failed(s, e);
	s->not_before = http_now_ms() + retry_jitter(wait);
	s->step = steps[s->step].when_broken;
	if (s->item->sent > 0)
		s->item->interruptions++;
	return 0;
}

int shipment_judge(struct shipment *s, struct err *e)
{
	const struct http_transfer *t = &s->transfer;

	if (t->result == 0)
		s->all->registry->reached = true;
	if (session_is_asked(s->all->registry, t))
		return authorize(s, e);
	if (session_may_retry(s->all->registry, t))
		return try_again(s, e);
	if (t->result < 0)
		return failed(s, e);
	if (t->answer.status < 400)
		s->new_token = false;
	return steps[s->step].judge(s, e);
}
