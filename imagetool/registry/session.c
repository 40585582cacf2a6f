/* SPDX-License-Identifier: Apache-2.0 */
/* One small request with all its second chances, and what its answers mean. */
#include "imagetool/registry/session.h"

#include <errno.h>
#include <stdarg.h>
#include <strings.h>

#include "imagetool/errors.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"
#include "libutil/log.h"

/* ---- Requests ---- */

char *session_url(const struct registry *r, const char *fmt, ...)
{
	autofree char *rest = NULL;
	va_list ap;

	va_start(ap, fmt);
	rest = xvasprintf(fmt, ap);
	va_end(ap);
	return session_place(r, rest);
}

bool session_owns_url(const struct registry *r, const char *url)
{
	size_t len = strlen(r->base);

	return strncasecmp(url, r->base, len) == 0 && (url[len] == '/' || url[len] == '?');
}

const char *session_secret_for(const struct registry *r, const char *url)
{
	return session_owns_url(r, url) ? r->authorization : NULL;
}

bool session_is_asked(const struct registry *r, const struct http_transfer *t)
{
	return t->result == 0 && t->answer.status == 401 &&
	       session_owns_url(r, t->answer.url ? t->answer.url : t->url);
}

void session_set_authorization(struct registry *r, char *value)
{
	if (r->authorization)
		explicit_bzero(r->authorization, strlen(r->authorization));
	free(r->authorization);
	r->authorization = value;
}

bool session_is_remote(int error)
{
	return error == -IMAGE_ENETWORK || error == -IMAGE_EREGISTRY || error == -IMAGE_ENOTFOUND ||
	       error == -IMAGE_EDENIED;
}

unsigned session_retries(const struct registry *r)
{
	bool last = r->current + 1 >= r->endpoints.n;

	return last || r->opts.retries == 0 ? r->opts.retries : 1;
}

bool session_may_retry(const struct registry *r, const struct http_transfer *t)
{
	if (t->result == 0)
		return retry_status(t->answer.status);
	/* A name or address that never worked is probably mistyped: say so at once. */
	return t->passing && (r->reached || !t->no_contact);
}

/* The buffer has room for one byte more than is allowed, so that going over shows. */
static int take_body(struct http_transfer *t, const void *data, size_t len, struct err *e)
{
	struct strbuf *body = t->ctx;

	if (len > body->max - 1 - body->len)
		return err_set(e, IMAGE_EREGISTRY, "the answer is longer than %zu bytes",
			       body->max - 1);
	strbuf_add(body, data, len);
	return 0;
}

/* 1: ask again; 0: this is the answer; negative: it failed for good. */
static int judge(struct registry *r, const struct registry_request *request,
		 struct http_transfer *t, struct retry *retry, bool *asked_token, struct err *e)
{
	if (t->result == 0)
		r->reached = true;
	if (session_is_asked(r, t) && !request->anonymous && !*asked_token) {
		int n = session_authorize(r, &t->answer, e);

		*asked_token = true;
		return n < 0 ? n : 1;
	}
	if (session_may_retry(r, t)) {
		int64_t wait = retry_next(retry, 0, t->answer.retry_after);

		if (wait >= 0) {
			int n = http_sleep(r->http, retry_jitter(wait), e);

			return n < 0 ? n : 1;
		}
	}
	if (t->tls_failed)
		return session_tls_error(r, t, e);
	return t->result < 0 ? err_set(e, -t->result, "%s", t->err.msg) : 0;
}

int session_request(struct registry *r, const struct registry_request *request,
		    struct http_transfer *t, struct strbuf *ret_body, struct err *e)
{
	struct retry retry = { .max = session_retries(r) };
	bool asked_token = false;
	int n = request->anonymous ? 0 : session_renew(r, e);

	if (n < 0)
		return n;
	ret_body->max = request->max + 1;
	do {
		strbuf_truncate(ret_body, 0);
		t->method = request->method;
		t->url = request->url;
		t->accept = request->accept;
		t->headers = request->headers;
		t->payload = request->payload;
		t->authorization = request->anonymous ? request->authorization
						      : session_secret_for(r, request->url);
		t->stay = request->stay;
		t->foreign = !session_owns_url(r, request->url);
		t->strict = request->strict;
		t->total_s = request->total_s;
		t->body = take_body;
		t->ctx = ret_body;
		n = http_start(r->http, t, e);
		if (n >= 0)
			n = http_wait(r->http, t, e);
		if (n >= 0)
			n = judge(r, request, t, &retry, &asked_token, e);
	} while (n > 0);
	if (n < 0 && request->method)
		return err_wrap(e, n, "%s '%s'", request->method, request->url);
	return n < 0 ? err_wrap(e, n, "get '%s'", request->url) : 0;
}

/* ---- What statuses mean ---- */

static const struct {
	int status;
	int error;
	const char *meaning;
} status_meaning[] = {
	{ 400, IMAGE_EREGISTRY, "the registry finds the request malformed" },
	{ 401, IMAGE_EDENIED, NULL }, /* said by refusal() */
	{ 403, IMAGE_EDENIED,
	  "the registry forbids it: the image is private, or there is none of this name" },
	{ 404, IMAGE_ENOTFOUND, "not found in the registry" },
	{ 416, IMAGE_EREGISTRY, "the registry has fewer bytes than it should" },
	{ 429, IMAGE_EREGISTRY, "too many requests: the registry limits how much may be pulled" },
	{ 451, IMAGE_EDENIED, "the registry withholds it for legal reasons" },
};

static void add_printable(struct strbuf *out, const char *text)
{
	for (; *text; text++)
		strbuf_addc(out, *text >= ' ' && *text < 0x7f ? *text : '?');
}

/* {"errors":[{"code":"MANIFEST_UNKNOWN","message":"…"}]} -> " (MANIFEST_UNKNOWN: …)".  It goes to a
 * terminal. */
static void add_registry_words(struct strbuf *out, const struct http_answer *a)
{
	auto_(arena) struct arena arena = { 0 };
	const struct json *errors;
	struct json *doc;

	if (a->error_body.len == 0 ||
	    json_parse("error", a->error_body.data, a->error_body.len, &arena, &doc, NULL) < 0)
		return;
	errors = json_get(doc, "errors");
	if (!errors || errors->kind != JSON_ARRAY || errors->len == 0)
		return;
	if (!json_get_string(&errors->items[0], "code"))
		return;
	strbuf_adds(out, " (");
	add_printable(out, json_get_string(&errors->items[0], "code"));
	if (json_get_string(&errors->items[0], "message")) {
		strbuf_adds(out, ": ");
		add_printable(out, json_get_string(&errors->items[0], "message"));
	}
	strbuf_addc(out, ')');
}

/* Who was refused, and what to do about it. */
static char *refusal(const struct registry *r)
{
	const struct credential *c = &r->credential;

	if (credential_is_empty(c))
		return xasprintf(
			"the registry refuses anonymous access: the image is private (then "
			"'creel-image login %s' first), or there is none of this name",
			r->host);
	return xasprintf("the registry refuses what %s says%s%s: it may do less, or is no longer "
			 "valid ('creel-image login %s')",
			 c->from ? c->from : "the command line", c->user ? " of user " : "",
			 c->user ? c->user : "", r->host);
}

int session_status_error(const struct registry *r, const struct http_answer *a, struct err *e)
{
	auto_(strbuf) struct strbuf words = { 0 };
	autofree char *refused = a->status == 401 ? refusal(r) : NULL;
	const char *meaning = "unexpected answer";
	int error = IMAGE_EREGISTRY;

	if (a->status >= 500)
		meaning = "the registry is broken or overloaded";
	for (size_t i = 0; i < ARRAY_LEN(status_meaning); i++) {
		if (status_meaning[i].status == a->status) {
			meaning = status_meaning[i].meaning;
			error = status_meaning[i].error;
		}
	}
	if (refused)
		meaning = refused;
	add_registry_words(&words, a);
	if (a->retry_after > 0)
		strbuf_addf(&words, "; it asks to wait %lld s", (long long)a->retry_after);
	return err_set(e, error, "'%s' answers %d: %s%.300s", r->host, a->status, meaning,
		       strbuf_str(&words));
}

bool session_is_web_page(const struct http_answer *a)
{
	return a->content_type && (strncasecmp(a->content_type, "text/html", 9) == 0 ||
				   strncasecmp(a->content_type, "application/xhtml", 17) == 0);
}

int session_web_page_error(const struct registry *r, struct err *e)
{
	return err_set(e, IMAGE_EREGISTRY,
		       "'%s' answers with a web page: it is no registry, or a proxy or login page "
		       "stands in the way",
		       r->host);
}
