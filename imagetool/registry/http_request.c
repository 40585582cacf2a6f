/* SPDX-License-Identifier: Apache-2.0 */
/* What libcurl is told of a request: URL, headers, payload, limits, certificates. */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "imagetool/registry/http_internal.h"
#include "libutil/alloc.h"

#define HTTP_MAX_REDIRECTS 10L
#define HTTP_BUFFER        (256L << 10)
#define HTTP_EXPECT_MIN    ((int64_t)1 << 20)
/* Below this many bytes a second for timeout_s seconds a transfer counts as stalled. */
#define HTTP_STALL_SPEED 100L

/* ---- The payload ---- */

static size_t on_read(char *buf, size_t size, size_t n, void *ctx)
{
	struct http_transfer *t = ctx;
	const struct http_payload *p = t->payload;
	size_t len = size * n;
	ssize_t got;

	if ((uint64_t)(p->len - t->sent) < len)
		len = (size_t)(p->len - t->sent);
	if (len == 0)
		return 0;
	if (p->data) {
		memcpy(buf, (const char *)p->data + t->sent, len);
		got = (ssize_t)len;
	} else {
		got = p->read(p->ctx, buf, len, &t->err);
		if (got == 0)
			got = err_set(&t->err, EIO, "what is sent ended early");
	}
	if (got < 0) {
		t->result = (int)got;
		return CURL_READFUNC_ABORT;
	}
	t->sent += got;
	return (size_t)got;
}

static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct http_transfer *t = ctx;
	const struct http_payload *p = t->payload;
	int r = 0;

	if (origin != SEEK_SET || offset > p->len)
		return CURL_SEEKFUNC_FAIL;
	if (!p->data)
		r = p->seek(p->ctx, offset, &t->err);
	if (r < 0) {
		t->result = r;
		return CURL_SEEKFUNC_FAIL;
	}
	t->sent = offset;
	return CURL_SEEKFUNC_OK;
}

/* ---- The request ---- */

/* libcurl drops a line of this name on the way to another host, port or scheme. */
static void add_authorization(struct http_transfer *t)
{
	autofree char *line = xasprintf("Authorization: %s", t->authorization);

	t->header_list = t->http->curl.curl_slist_append(t->header_list, line);
	explicit_bzero(line, strlen(line));
}

static CURLcode set_headers(struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;

	if (t->accept)
		t->header_list = c->curl_slist_append(t->header_list, t->accept);
	for (size_t i = 0; t->headers && i < t->headers->n; i++)
		t->header_list = c->curl_slist_append(t->header_list, t->headers->v[i]);
	for (size_t i = 0; !t->foreign && t->http->opts.headers && i < t->http->opts.headers->n;
	     i++)
		t->header_list = c->curl_slist_append(t->header_list, t->http->opts.headers->v[i]);
	if (t->authorization)
		add_authorization(t);
	/* Ask before a long body; a short one is there sooner than the answer, and a server that
	 * does not look at it gives none for a second. */
	if (t->payload && t->payload->len < HTTP_EXPECT_MIN)
		t->header_list = c->curl_slist_append(t->header_list, "Expect:");
	return c->curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->header_list);
}

static CURLcode set_payload(struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;
	CURLcode r = c->curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);

	if (r == CURLE_OK)
		r = c->curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE,
					(curl_off_t)t->payload->len);
	if (r == CURLE_OK)
		r = c->curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read);
	if (r == CURLE_OK)
		r = c->curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
	if (r == CURLE_OK)
		r = c->curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, on_seek);
	if (r == CURLE_OK)
		r = c->curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
	return r == CURLE_OK ? c->curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE, HTTP_BUFFER)
			     : r;
}

/* A custom method is kept across redirects; HEAD must not wait for a body. */
static CURLcode set_method(struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;
	CURLcode r = t->payload ? set_payload(t) : CURLE_OK;

	if (r != CURLE_OK || !t->method)
		return r;
	if (streq(t->method, "HEAD"))
		return c->curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
	return c->curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, t->method);
}

static CURLcode set_request(struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;
	static const struct http_payload empty = { .data = "" };
	char range[48];
	CURLcode r = c->curl_easy_setopt(t->easy, CURLOPT_URL, t->url);

	/* Without a length of 0 some servers answer 411. */
	if (!t->payload && t->method && t->method[0] == 'P')
		t->payload = &empty;
	if (r == CURLE_OK)
		r = set_headers(t);
	if (r == CURLE_OK)
		r = set_method(t);
	if (r == CURLE_OK && (t->from > 0 || t->part)) {
		/* Both ends: some registries answer 416 to an open range. */
		(void)snprintf(range, sizeof(range), "%lld-%lld", (long long)t->from,
			       (long long)t->until);
		r = c->curl_easy_setopt(t->easy, CURLOPT_RANGE, range);
	}
	return r;
}

static CURLcode set_limits(struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;
	const struct http_opts *o = &t->http->opts;
	bool tls = strncasecmp(t->url, "https:", 6) == 0;
	bool verify = o->verify_tls || t->strict;
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_NOSIGNAL, 1L },
		{ CURLOPT_FOLLOWLOCATION, t->stay ? 0L : 1L },
		{ CURLOPT_MAXREDIRS, HTTP_MAX_REDIRECTS },
		{ CURLOPT_UNRESTRICTED_AUTH, 0L },
		{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L },
		{ CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L },
		{ CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L },
		{ CURLOPT_CONNECTTIMEOUT, (long)o->timeout_s },
		{ CURLOPT_LOW_SPEED_LIMIT, HTTP_STALL_SPEED },
		{ CURLOPT_LOW_SPEED_TIME, (long)o->timeout_s },
		{ CURLOPT_BUFFERSIZE, HTTP_BUFFER },
		{ CURLOPT_TCP_KEEPALIVE, 1L },
		{ CURLOPT_TIMEOUT, (long)t->total_s },
	};
	/* What a redirect may lead to; https never falls back to http. */
	const char *protocols = tls ? "https" : "http,https";
	CURLcode r = c->curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, protocols);

	if (r == CURLE_OK)
		r = c->curl_easy_setopt(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
	if (r == CURLE_OK)
		r = http_proxy(t);
	for (size_t i = 0; r == CURLE_OK && i < ARRAY_LEN(numbers); i++)
		r = c->curl_easy_setopt(t->easy, numbers[i].option, numbers[i].value);
	return r;
}

static CURLcode set_certificates(struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;
	const struct http_opts *o = &t->http->opts;
	CURLcode r = CURLE_OK;

	if (o->ca) {
		union {
			const char *text;
			void *data;
		} ca = { .text = o->ca };
		struct curl_blob blob = { .data = ca.data,
					  .len = strlen(o->ca),
					  .flags = CURL_BLOB_NOCOPY };

		r = c->curl_easy_setopt(t->easy, CURLOPT_CAINFO_BLOB, &blob);
	}
	/* Shown to nobody but the registry itself. */
	if (t->foreign || !o->client_cert)
		return r;
	if (r == CURLE_OK)
		r = c->curl_easy_setopt(t->easy, CURLOPT_SSLCERT, o->client_cert);
	if (r == CURLE_OK && o->client_key)
		r = c->curl_easy_setopt(t->easy, CURLOPT_SSLKEY, o->client_key);
	return r;
}

CURLcode http_set_request(struct http_transfer *t)
{
	CURLcode r = set_request(t);

	if (r == CURLE_OK)
		r = set_limits(t);
	return r == CURLE_OK ? set_certificates(t) : r;
}
