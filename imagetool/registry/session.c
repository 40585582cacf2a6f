/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a registry, and one small request with all its second chances. */
#include "imagetool/registry/session.h"

#include <errno.h>
#include <stdarg.h>
#include <strings.h>

#include "imagetool/errors.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"
#include "libutil/log.h"

/* Docker's name for itself is not where its registry is. */
static const char *registry_address(const char *host)
{
	return streq(host, "docker.io") || streq(host, "index.docker.io") ? "registry-1.docker.io"
									  : host;
}

/* ---- https or http ---- */

static int swallow(struct http_transfer *t UNUSED, const void *data UNUSED, size_t len UNUSED,
		   struct err *e UNUSED)
{
	return 0;
}

/* Does something speak https there?  Whatever the status, an answer is a yes.  1, 0 or an error. */
static int speaks_https(struct registry *r, struct err *e)
{
	autofree char *url = xasprintf("https://%s/v2/", registry_address(r->host));
	auto_(http_transfer) struct http_transfer t = { .url = url, .body = swallow };
	int n = http_start(r->http, &t, e);

	if (n >= 0)
		n = http_wait(r->http, &t, e);
	if (n < 0)
		return n;
	return t.result == 0;
}

static int choose_scheme(struct registry *r, bool insecure, struct err *e)
{
	int https = 1;

	if (insecure) {
		https = speaks_https(r, e);
		if (https < 0)
			return https;
	}
	r->base = xasprintf("%s://%s", https ? "https" : "http", registry_address(r->host));
	r->root = xasprintf("%s/v2", r->base);
	log_debug("registry '%s' is at %s", r->host, r->base);
	return 0;
}

int registry_open(const struct image_reference *ref, const struct registry_opts *opts,
		  struct registry **ret, struct err *e)
{
	auto_(registry) struct registry *r = xcalloc(1, sizeof(*r));
	struct http_opts http = { .timeout_s = opts->timeout_s,
				  .wakefd = opts->wakefd,
				  .cert_dir = opts->cert_dir };
	char host[URL_HOST_SIZE];
	bool insecure;
	int n = url_split_host(ref->registry, host, e);

	if (n < 0)
		return err_wrap(e, n, "registry");
	http.no_proxy = host_is_loopback(host);
	insecure =
		opts->tls == REGISTRY_TLS_OFF || (opts->tls == REGISTRY_TLS_AUTO && http.no_proxy);
	http.verify_tls = !insecure;
	r->opts = *opts;
	r->host = xstrdup(ref->registry);
	r->repository = xstrdup(ref->repository);
	registry_want(r, r->repository, "pull");
	n = http_new(&http, &r->http, e);
	if (n < 0)
		return n;
	n = choose_scheme(r, insecure, e);
	if (n < 0)
		return n;
	*ret = steal_ptr(&r);
	return 0;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	http_free(r->http);
	free(r->host);
	free(r->base);
	free(r->repository);
	free(r->root);
	session_set_authorization(r, NULL);
	scopes_done(&r->wanted);
	free(r);
}

void registry_want(struct registry *r, const char *repository, const char *actions)
{
	struct scopes had = r->wanted;

	r->wanted = (struct scopes){ 0 };
	scopes_copy(&r->wanted, &had);
	scopes_add(&r->wanted, "repository", repository, actions);
	/* The token there is may be of no use for it. */
	if (!scopes_cover(&had, &r->wanted))
		session_set_authorization(r, NULL);
	scopes_done(&had);
}

/* ---- Requests ---- */

char *session_url(const struct registry *r, const char *fmt, ...)
{
	autofree char *rest = NULL;
	va_list ap;

	va_start(ap, fmt);
	rest = xvasprintf(fmt, ap);
	va_end(ap);
	return xasprintf("%s/%s/%s", r->root, r->repository, rest);
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

void session_set_authorization(struct registry *r, char *value)
{
	if (r->authorization)
		explicit_bzero(r->authorization, strlen(r->authorization));
	free(r->authorization);
	r->authorization = value;
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
	if (t->result == 0 && t->answer.status == 401 && !request->anonymous && !*asked_token &&
	    session_owns_url(r, request->url)) {
		int n = session_authorize(r, &t->answer, e);

		*asked_token = true;
		return n < 0 ? n : 1;
	}
	if (session_may_retry(r, t)) {
		int64_t wait = retry_next(retry, 0, t->answer.retry_after);

		if (wait >= 0) {
			int n = http_sleep(r->http, wait, e);

			return n < 0 ? n : 1;
		}
	}
	if (t->tls_failed)
		return err_set(e, -t->result,
			       "%s; with --tls-verify=false any certificate and plain http will do",
			       t->err.msg);
	return t->result < 0 ? err_set(e, -t->result, "%s", t->err.msg) : 0;
}

int session_request(struct registry *r, const struct registry_request *request,
		    struct http_transfer *t, struct strbuf *ret_body, struct err *e)
{
	struct retry retry = { .max = r->opts.retries };
	bool asked_token = false;
	int n;

	ret_body->max = request->max + 1;
	do {
		strbuf_truncate(ret_body, 0);
		t->method = request->method;
		t->url = request->url;
		t->accept = request->accept;
		t->headers = request->headers;
		t->payload = request->payload;
		t->authorization = request->anonymous ? NULL : session_secret_for(r, request->url);
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
	{ 401, IMAGE_EDENIED,
	  "the registry refuses anonymous access: the image is private, or there is none of this name" },
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

int session_status_error(const struct registry *r, const struct http_answer *a, struct err *e)
{
	auto_(strbuf) struct strbuf words = { 0 };
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
