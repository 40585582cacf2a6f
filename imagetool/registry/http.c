/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/http.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <time.h>

#include "imagetool/errors.h"
#include "imagetool/registry/http_header.h"
#include "imagetool/registry/http_internal.h"
#include "libutil/alloc.h"
#include "libutil/log.h"
#include "libutil/sig.h"

#define HTTP_MAX_REDIRECTS 10L
#define HTTP_BUFFER        (256L << 10)
#define HTTP_EXPECT_MIN    ((int64_t)1 << 20)
/* Below this many bytes a second for timeout_s seconds a transfer counts as stalled. */
#define HTTP_STALL_SPEED 100L

int64_t http_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int http_new(const struct http_opts *opts, struct http **ret, struct err *e)
{
	auto_(http) struct http *h = xcalloc(1, sizeof(*h));
	int r = curl_api_load(&h->curl, e);

	if (r < 0)
		return r;
	h->opts = *opts;
	h->multi = h->curl.curl_multi_init();
	if (!h->multi)
		return err_set(e, ENOMEM, "libcurl has no memory");
	*ret = steal_ptr(&h);
	return 0;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	if (h->multi)
		(void)h->curl.curl_multi_cleanup(h->multi);
	free(h);
}

/* ---- What libcurl calls ---- */

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct http_transfer *t = ctx;
	size_t len = size * n;

	t->header_bytes += len;
	if (t->header_bytes > HTTP_HEADER_MAX) {
		t->result = err_set(&t->err, IMAGE_EREGISTRY, "more than %zu bytes of headers",
				    HTTP_HEADER_MAX);
		return 0;
	}
	http_header_line(&t->answer, data, len);
	if (!http_guard_redirect(t))
		return 0;
	return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct http_transfer *t = ctx;
	size_t len = size * n;
	size_t room;

	if (t->answer.status == 200 || t->answer.status == 206) {
		if (!t->body)
			return len;
		t->result = t->body(t, data, len, &t->err);
		if (t->result == HTTP_BODY_LATER) {
			t->result = 0;
			return CURL_WRITEFUNC_PAUSE;
		}
		return t->result < 0 ? 0 : len;
	}
	room = HTTP_ERROR_BODY_MAX - t->answer.error_body.len;
	strbuf_add(&t->answer.error_body, data, len < room ? len : room);
	return len;
}

void http_resume(struct http_transfer *t)
{
	if (!t->done && t->easy)
		(void)t->http->curl.curl_easy_pause(t->easy, CURLPAUSE_CONT);
}

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

/* ---- Starting ---- */

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
	if (r == CURLE_OK && t->from > 0) {
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

static CURLcode set_callbacks(struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;
	const struct {
		CURLoption option;
		void *value;
	} pointers[] = {
		{ CURLOPT_HEADERDATA, t },
		{ CURLOPT_WRITEDATA, t },
		{ CURLOPT_PRIVATE, t },
		{ CURLOPT_ERRORBUFFER, t->curl_error },
	};
	CURLcode r = c->curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);

	if (r == CURLE_OK)
		r = c->curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	if (r == CURLE_OK)
		r = c->curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "creel-image/" PACKAGE_VERSION);
	for (size_t i = 0; r == CURLE_OK && i < ARRAY_LEN(pointers); i++)
		r = c->curl_easy_setopt(t->easy, pointers[i].option, pointers[i].value);
	return r;
}

static const char *method_name(const struct http_transfer *t)
{
	return t->method ? t->method : "GET";
}

int http_start(struct http *h, struct http_transfer *t, struct err *e)
{
	CURLcode r;

	http_transfer_done(t);
	t->http = h;
	if (t->payload && !t->payload->data) {
		int n = t->payload->seek(t->payload->ctx, 0, e);

		if (n < 0)
			return n;
	}
	t->easy = h->curl.curl_easy_init();
	if (!t->easy)
		return err_set(e, ENOMEM, "libcurl has no memory");
	r = set_request(t);
	if (r == CURLE_OK)
		r = set_limits(t);
	if (r == CURLE_OK)
		r = set_certificates(t);
	if (r == CURLE_OK)
		r = set_callbacks(t);
	if (r == CURLE_OK)
		r = http_guard(t);
	/* An option this libcurl lacks may be one that keeps a secret in: never go on without it.
	 */
	if (r != CURLE_OK)
		return err_set(e, ENOTSUP, "libcurl: %s (7.85 or newer is needed)",
			       h->curl.curl_easy_strerror(r));
	log_debug("%s %s%s", method_name(t), t->url, t->from > 0 ? " (a part)" : "");
	if (h->curl.curl_multi_add_handle(h->multi, t->easy) != CURLM_OK)
		return err_set(e, EINVAL, "libcurl does not take '%s'", t->url);
	return 0;
}

/* ---- Ending ---- */

static const struct {
	CURLcode code;
	int error;
	bool passing, no_contact, tls_failed;
} failures[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, IMAGE_ENETWORK, true, true, false },
	{ CURLE_COULDNT_RESOLVE_PROXY, IMAGE_ENETWORK, true, true, false },
	{ CURLE_COULDNT_CONNECT, IMAGE_ENETWORK, true, true, false },
	{ CURLE_OPERATION_TIMEDOUT, IMAGE_ENETWORK, true, false, false },
	{ CURLE_PARTIAL_FILE, IMAGE_ENETWORK, true, false, false },
	{ CURLE_RECV_ERROR, IMAGE_ENETWORK, true, false, false },
	{ CURLE_SEND_ERROR, IMAGE_ENETWORK, true, false, false },
	{ CURLE_SEND_FAIL_REWIND, IMAGE_ENETWORK, true, false, false },
	{ CURLE_GOT_NOTHING, IMAGE_ENETWORK, true, false, false },
	{ CURLE_HTTP2, IMAGE_ENETWORK, true, false, false },
	{ CURLE_HTTP2_STREAM, IMAGE_ENETWORK, true, false, false },
	{ CURLE_SSL_CONNECT_ERROR, IMAGE_ENETWORK, false, false, true },
	{ CURLE_PEER_FAILED_VERIFICATION, IMAGE_ENETWORK, false, false, true },
	{ CURLE_UNSUPPORTED_PROTOCOL, IMAGE_EREGISTRY, false, false, false },
	{ CURLE_TOO_MANY_REDIRECTS, IMAGE_EREGISTRY, false, false, false },
	{ CURLE_WEIRD_SERVER_REPLY, IMAGE_EREGISTRY, false, false, false },
};

static void set_failure(struct http_transfer *t, CURLcode code)
{
	const char *text =
		t->curl_error[0] ? t->curl_error : t->http->curl.curl_easy_strerror(code);
	size_t len = strlen(text);
	int error = IMAGE_ENETWORK;

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (failures[i].code != code)
			continue;
		error = failures[i].error;
		t->passing = failures[i].passing;
		t->no_contact = failures[i].no_contact;
		t->tls_failed = failures[i].tls_failed;
	}
	/* What OpenSSL adds ends in a blank. */
	while (len > 0 && text[len - 1] == ' ')
		len--;
	if (code == CURLE_UNSUPPORTED_PROTOCOL && t->answer.location)
		t->result = err_set(&t->err, error, "a redirect to '%.200s' is not followed",
				    t->answer.location);
	else if (http_proxy_is_malformed(code, text))
		t->result =
			err_set(&t->err, error,
				"what http_proxy, https_proxy or all_proxy says is no proxy that "
				"libcurl knows");
	else
		t->result = err_set(&t->err, error, "%.*s", (int)len, text);
}

static void finish(struct http_transfer *t, CURLcode code)
{
	const struct curl_api *c = &t->http->curl;
	curl_off_t after = 0;
	char *url = NULL;

	t->done = true;
	(void)c->curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &url);
	t->answer.url = url ? xstrdup(url) : NULL;
	(void)c->curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after);
	t->answer.retry_after = after;
	/* t->result is set already when a callback of ours ended the transfer. */
	if (code != CURLE_OK && t->result == 0)
		set_failure(t, code);
	log_debug("%s %s: status %d%s%s", method_name(t), t->url, t->answer.status,
		  t->result < 0 ? ", " : "", t->result < 0 ? t->err.msg : "");
}

void http_transfer_done(struct http_transfer *t)
{
	if (t->easy) {
		(void)t->http->curl.curl_multi_remove_handle(t->http->multi, t->easy);
		t->http->curl.curl_easy_cleanup(t->easy);
		t->http->curl.curl_slist_free_all(t->header_list);
	}
	t->easy = NULL;
	t->header_list = NULL;
	t->header_bytes = 0;
	t->sent = 0;
	http_header_reset(&t->answer);
	t->done = t->passing = t->no_contact = t->tls_failed = false;
	t->result = 0;
	t->curl_error[0] = '\0';
	err_clear(&t->err);
}

/* ---- Waiting ---- */

static int interrupted(const struct http *h, struct err *e)
{
	struct signalfd_siginfo info;
	const char *name = NULL;

	if (read(h->opts.wakefd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		name = sig_name((int)info.ssi_signo);
	return err_set(e, EINTR, "interrupted by %s", name ? name : "a signal");
}

static void collect_finished(struct http *h)
{
	CURLMsg *msg;
	int left;

	while ((msg = h->curl.curl_multi_info_read(h->multi, &left)) != NULL) {
		struct http_transfer *t = NULL;
		CURLcode code = msg->data.result;

		(void)h->curl.curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		if (t)
			finish(t, code);
	}
}

int http_poll(struct http *h, int timeout_ms, struct err *e)
{
	struct curl_waitfd wake = { .fd = h->opts.wakefd, .events = CURL_WAIT_POLLIN };
	unsigned n_wake = h->opts.wakefd >= 0;
	int running;
	/* A transfer that was just added makes the poll return at once. */
	CURLMcode r = h->curl.curl_multi_poll(h->multi, &wake, n_wake, timeout_ms, NULL);

	if (r == CURLM_OK)
		r = h->curl.curl_multi_perform(h->multi, &running);
	if (r != CURLM_OK)
		return err_set(e, ENOMEM, "libcurl: %s", h->curl.curl_multi_strerror(r));
	collect_finished(h);
	if (n_wake && (wake.revents & CURL_WAIT_POLLIN))
		return interrupted(h, e);
	return 0;
}

void http_wake(struct http *h)
{
	(void)h->curl.curl_multi_wakeup(h->multi);
}

int http_wait(struct http *h, struct http_transfer *t, struct err *e)
{
	int r = 0;

	while (!t->done && r >= 0)
		r = http_poll(h, 1000, e);
	return r;
}

int http_sleep(struct http *h, int64_t ms, struct err *e)
{
	int64_t end = http_now_ms() + ms;

	for (;;) {
		int64_t left = end - http_now_ms();
		int r;

		if (left <= 0)
			return 0;
		r = http_poll(h, (int)left, e);
		if (r < 0)
			return r;
	}
}
