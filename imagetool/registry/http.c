/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/http.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <time.h>

#include "imagetool/dockerfile/redact.h"
#include "imagetool/errors.h"
#include "imagetool/registry/http_header.h"
#include "imagetool/registry/http_internal.h"
#include "libutil/alloc.h"
#include "libutil/log.h"
#include "libutil/sig.h"

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
	http_leave_behind(t);
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

/* ---- Starting ---- */

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

/* For a log: "GET URL". */
static char *request_text(const struct http_transfer *t)
{
	autofree char *url = redact_url(t->url);

	return xasprintf("%s %s", t->method ? t->method : "GET", url);
}

int http_start(struct http *h, struct http_transfer *t, struct err *e)
{
	autofree char *text = NULL;
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
	r = http_set_request(t);
	if (r == CURLE_OK)
		r = set_callbacks(t);
	if (r == CURLE_OK)
		r = http_guard(t);
	/* An option this libcurl lacks may be one that keeps a secret in: never go on without it.
	 */
	if (r != CURLE_OK)
		return err_set(e, ENOTSUP, "libcurl: %s (7.85 or newer is needed)",
			       h->curl.curl_easy_strerror(r));
	text = request_text(t);
	log_debug("%s%s", text, t->from > 0 ? " (a part)" : "");
	if (h->curl.curl_multi_add_handle(h->multi, t->easy) != CURLM_OK)
		return err_set(e, EINVAL, "libcurl does not take '%s'", text);
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
	autofree char *text = NULL;
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
	text = request_text(t);
	log_debug("%s: status %d%s%s", text, t->answer.status, t->result < 0 ? ", " : "",
		  t->result < 0 ? t->err.msg : "");
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
