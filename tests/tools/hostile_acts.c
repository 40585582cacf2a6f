/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "oci-spec/image_spec.h"
#include "tests/tools/hostile_registry.h"

#define HALF      (LAYER_SIZE / 2)
#define BLOB_TYPE "Content-Type: application/octet-stream\r\n"
#define HTML      "<!DOCTYPE html><title>Welcome</title><p>Please log in."

static bool first_time(struct request *r)
{
	return __atomic_fetch_add(r->count, 1, __ATOMIC_SEQ_CST) == 0;
}

static void pause_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

static void head_for_layer(struct request *r, size_t length)
{
	autofree char *headers = xasprintf(BLOB_TYPE "Content-Length: %zu\r\n", length);

	reply_head(r, "200 OK", headers);
}

/* ---- Layers that are not what they should be ---- */

static bool other_content(struct request *r)
{
	autofree unsigned char *copy = xcalloc(LAYER_SIZE, 1);

	memcpy(copy, r->image->layer[0], LAYER_SIZE);
	copy[LAYER_SIZE - 1] ^= 1;
	reply(r, "200 OK", BLOB_TYPE, copy, LAYER_SIZE);
	return true;
}

/* The connection ends in the middle of what Content-Length promised. */
static void send_half(struct request *r)
{
	head_for_layer(r, LAYER_SIZE);
	(void)send_bytes(r, r->image->layer[0], HALF);
}

static bool dies_once(struct request *r)
{
	if (!first_time(r))
		return false;
	send_half(r);
	return true;
}

static bool dies_always(struct request *r)
{
	if (r->range_from > 0)
		return true; /* not a byte more */
	send_half(r);
	return true;
}

static bool dies_then_ignores_range(struct request *r)
{
	if (first_time(r))
		send_half(r);
	else
		reply(r, "200 OK", BLOB_TYPE, r->image->layer[0], LAYER_SIZE);
	return true;
}

static bool dies_then_wrong_place(struct request *r)
{
	if (first_time(r))
		send_half(r);
	else
		reply(r, "206 Partial Content", BLOB_TYPE "Content-Range: bytes 5-9/100\r\n",
		      r->image->layer[0], LAYER_SIZE - HALF);
	return true;
}

static bool dies_then_416(struct request *r)
{
	if (first_time(r)) {
		send_half(r);
		return true;
	}
	if (r->range_from <= 0)
		return false;
	reply_text(r, "416 Range Not Satisfiable", "", "no ranges here");
	return true;
}

/* The beginning that was read is the right one, the one that comes again is not. */
static bool dies_then_416_then_lies(struct request *r)
{
	autofree unsigned char *copy = NULL;

	if (dies_then_416(r))
		return true;
	copy = xcalloc(LAYER_SIZE, 1);
	memcpy(copy, r->image->layer[0], LAYER_SIZE);
	copy[1000] ^= 1;
	reply(r, "200 OK", BLOB_TYPE, copy, LAYER_SIZE);
	return true;
}

static bool shorter(struct request *r)
{
	reply(r, "200 OK", BLOB_TYPE, r->image->layer[0], HALF);
	return true;
}

static bool shorter_unsaid(struct request *r)
{
	reply_head(r, "200 OK", BLOB_TYPE);
	(void)send_bytes(r, r->image->layer[0], HALF);
	return true;
}

static bool claims_more(struct request *r)
{
	head_for_layer(r, LAYER_SIZE * 2);
	(void)send_bytes(r, r->image->layer[0], LAYER_SIZE);
	return true;
}

/* No length, no end: the reader must stop by itself. */
static bool endless_layer(struct request *r)
{
	reply_head(r, "200 OK", BLOB_TYPE);
	while (send_bytes(r, r->image->layer[0], LAYER_SIZE))
		;
	return true;
}

static bool web_page_layer(struct request *r)
{
	reply_head(r, "200 OK", "Content-Type: text/html; charset=utf-8\r\n");
	(void)send_bytes(r, HTML, strlen(HTML));
	return true;
}

static bool missing_layer(struct request *r)
{
	reply_text(r, "404 Not Found", "",
		   "{\"errors\":[{\"code\":\"BLOB_UNKNOWN\",\"message\":\"gone\"}]}");
	return true;
}

/* Nothing behind the half before the file LOGFILE.go is there; true when the client has gone. */
static bool hold_on(const struct request *r)
{
	autofree char *go = xasprintf("%s.go", r->log);
	char none;

	while (access(go, F_OK) < 0) {
		ssize_t n = recv(r->fd, &none, 1, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			return true;
		pause_ms(20);
	}
	return false;
}

static bool held(struct request *r)
{
	if (r->range_from > 0)
		return hold_on(r);
	send_half(r);
	if (!hold_on(r))
		(void)send_bytes(r, r->image->layer[0] + HALF, LAYER_SIZE - HALF);
	return true;
}

static bool stalls(struct request *r)
{
	send_half(r);
	pause_ms(60000);
	return true;
}

/* ---- Redirects ---- */

static bool to_file(struct request *r)
{
	reply_text(r, "302 Found", "Location: file:///etc/passwd\r\n", "");
	return true;
}

static bool to_itself(struct request *r)
{
	autofree char *where = xasprintf("Location: %s\r\n", r->path);

	reply_text(r, "302 Found", where, "");
	return true;
}

/* The same machine by another name: another host, to whom no token belongs. */
static bool to_other_host(struct request *r)
{
	autofree char *where = xasprintf("Location: http://localhost:%u/elsewhere\r\n", r->port);

	reply_text(r, "307 Temporary Redirect", where, "");
	return true;
}

static bool to_asker(struct request *r)
{
	autofree char *where = xasprintf("Location: http://localhost:%u/asker\r\n", r->port);

	reply_text(r, "307 Temporary Redirect", where, "");
	return true;
}

/* That other host would like to know who one is, too. */
static void ask(struct request *r)
{
	autofree char *headers = xasprintf(
		"WWW-Authenticate: Bearer realm=\"http://127.0.0.1:%u/auth/thief\"\r\n", r->port);

	reply_text(r, "401 Unauthorized", headers, "");
}

/* ---- Documents ---- */

static bool send_manifest(struct request *r, const char *headers, const char *digest, int64_t size)
{
	auto_(strbuf) struct strbuf text = { 0 };

	manifest_text(r->image, digest, size, &text);
	reply(r, "200 OK", headers, strbuf_str(&text), text.len);
	return true;
}

#define MANIFEST_TYPE "Content-Type: " MEDIA_OCI_MANIFEST "\r\n"

static bool web_page(struct request *r)
{
	reply_text(r, "200 OK", "Content-Type: text/html\r\n", HTML);
	return true;
}

static bool without_type(struct request *r)
{
	auto_(strbuf) struct strbuf text = { 0 };
	static const char type[] = "\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",";
	char *at;

	manifest_text(r->image, NULL, 0, &text);
	at = strstr(text.data, type);
	memset(at, ' ', strlen(type));
	reply(r, "200 OK", "Content-Type: application/octet-stream\r\n", text.data, text.len);
	return true;
}

/* The honest manifest, but layer 0's descriptor says more. */
static bool say_more(struct request *r, const char *members)
{
	auto_(strbuf) struct strbuf text = { 0 }, more = { 0 };
	const char *at;

	manifest_text(r->image, NULL, 0, &text);
	at = strchr(strstr(text.data, r->image->layer_digest[0]), '}');
	strbuf_add(&more, text.data, (size_t)(at - text.data));
	strbuf_adds(&more, members);
	strbuf_adds(&more, at);
	reply(r, "200 OK", MANIFEST_TYPE, more.data, more.len);
	return true;
}

/* The URL is one of ours, so that the log tells who follows it. */
static bool says_elsewhere(struct request *r)
{
	autofree char *members =
		xasprintf(",\"urls\":[\"http://127.0.0.1:%u/elsewhere\\u001b[2J\"]", r->port);

	return say_more(r, members);
}

#define CHUNKED "io.github.containers.zstd-chunked.manifest-"

/* A table of contents, of a server that gives no parts. */
static bool says_chunked(struct request *r)
{
	return say_more(r, ",\"annotations\":{\"" CHUNKED "position\":\"3000000:1000:5000:1\","
			   "\"" CHUNKED "checksum\":\"sha256:"
			   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}");
}

static bool says_stargz(struct request *r)
{
	return say_more(r,
			",\"annotations\":{\"containerd.io/snapshot/stargz/toc.digest\":\"sha256:"
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}");
}

static bool gives_no_parts(struct request *r)
{
	reply(r, "200 OK", BLOB_TYPE, r->image->layer[0], LAYER_SIZE);
	return true;
}

static bool odd_type(struct request *r)
{
	reply_text(r, "200 OK", "Content-Type: text/\033[31mred\r\n", "{\"hello\":1}");
	return true;
}

static bool page_with_status(struct request *r)
{
	reply_text(r, "403 Forbidden", "Content-Type: text/html\r\n", HTML);
	return true;
}

static bool not_json(struct request *r)
{
	reply_text(r, "200 OK", MANIFEST_TYPE, "{\"schemaVersion\": 2, oops");
	return true;
}

static bool schema1(struct request *r)
{
	reply_text(r, "200 OK",
		   "Content-Type: application/vnd.docker.distribution.manifest.v1+prettyjws\r\n",
		   "{\"schemaVersion\":1,\"name\":\"x\",\"tag\":\"1\",\"fsLayers\":[]}");
	return true;
}

static bool false_digest(struct request *r)
{
	autofree char *headers =
		xasprintf(MANIFEST_TYPE "Docker-Content-Digest: %s\r\n", r->image->config_digest);

	return send_manifest(r, headers, NULL, 0);
}

static bool warns(struct request *r)
{
	return send_manifest(r,
			     MANIFEST_TYPE
			     "Warning: 299 - \"this image is \\\"old\\\"\033[31m\"\r\n"
			     "Warning: 110 - \"not for people\"\r\n",
			     NULL, 0);
}

static bool false_type(struct request *r)
{
	return send_manifest(r, "Content-Type: " MEDIA_OCI_INDEX "\r\n", NULL, 0);
}

static bool two_in_one(struct request *r)
{
	auto_(strbuf) struct strbuf text = { 0 };

	manifest_text(r->image, NULL, 0, &text);
	strbuf_truncate(&text, text.len - 1);
	strbuf_adds(&text, ",\"manifests\":[]}");
	reply(r, "200 OK", MANIFEST_TYPE, text.data, text.len);
	return true;
}

static bool path_as_digest(struct request *r)
{
	return send_manifest(r, MANIFEST_TYPE, "sha256:../../../../../../etc/passwd", 0);
}

static bool smaller_size(struct request *r)
{
	return send_manifest(r, MANIFEST_TYPE, NULL, (int64_t)HALF);
}

static bool enormous_size(struct request *r)
{
	return send_manifest(r, MANIFEST_TYPE, NULL, INT64_MAX / 4);
}

static bool negative_size(struct request *r)
{
	return send_manifest(r, MANIFEST_TYPE, NULL, -5);
}

static bool endless_manifest(struct request *r)
{
	reply_head(r, "200 OK", MANIFEST_TYPE);
	while (send_bytes(r, r->image->layer[0], LAYER_SIZE))
		;
	return true;
}

static bool endless_headers(struct request *r)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "X-Filler: %01000d\r\n", 0);
	(void)send_bytes(r, "HTTP/1.1 200 OK\r\n", 17);
	while (send_bytes(r, line, strlen(line)))
		;
	return true;
}

/* ---- Statuses and tokens ---- */

static bool busy_once(struct request *r)
{
	if (!first_time(r))
		return false;
	reply_text(r, "429 Too Many Requests", "Retry-After: 1\r\n", "");
	return true;
}

static bool busy_for_hours(struct request *r)
{
	reply_text(r, "429 Too Many Requests", "Retry-After: 7200\r\n",
		   "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"pull rate limit\"}]}");
	return true;
}

static bool broken_once(struct request *r)
{
	if (!first_time(r))
		return false;
	reply_text(r, "503 Service Unavailable", "", "");
	return true;
}

static bool broken(struct request *r)
{
	reply_text(r, "500 Internal Server Error", "", "");
	return true;
}

static void ask_for_token(struct request *r, const char *act)
{
	autofree char *headers = xasprintf(
		"WWW-Authenticate: Bearer realm=\"http://127.0.0.1:%u/token/%s\",service=\"a "
		"\\\"b\\\"\",scope=\"repository:%s:pull\"\r\n",
		r->port, act, act);

	reply_text(r, "401 Unauthorized", headers,
		   "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"token wanted\"}]}");
}

static bool wants_token(struct request *r)
{
	if (streq(r->auth, "Bearer good"))
		return false;
	ask_for_token(r, r->name);
	return true;
}

/* The token that opened the manifest is too old for the layer. */
static bool token_ages(struct request *r)
{
	bool layer = streq(r->rest + 6, r->image->layer_digest[0]);

	if (layer && first_time(r))
		ask_for_token(r, r->name);
	else
		return wants_token(r);
	return true;
}

static bool never_satisfied(struct request *r)
{
	ask_for_token(r, r->name);
	return true;
}

static bool wants_password(struct request *r)
{
	reply_text(r, "401 Unauthorized", "WWW-Authenticate: Basic realm=\"private\"\r\n", "");
	return true;
}

static bool token_by_file(struct request *r)
{
	reply_text(r, "401 Unauthorized",
		   "WWW-Authenticate: Bearer realm=\"file:///etc/passwd\"\r\n", "");
	return true;
}

/* ---- Who does what ---- */

static const struct act acts[] = {
	{ .name = "good" },
	{ .name = "broken", .every = broken },
	{ .name = "broken-once", .every = broken_once },
	{ .name = "busy-for-hours", .every = busy_for_hours },
	{ .name = "busy-once", .every = busy_once },
	{ .name = "chunked-without-parts", .manifest = says_chunked, .layer = gives_no_parts },
	{ .name = "chunked-without-table", .manifest = says_chunked },
	{ .name = "claims-more", .layer = claims_more },
	{ .name = "dies-always", .layer = dies_always },
	{ .name = "dies-once", .layer = dies_once },
	{ .name = "dies-then-416", .layer = dies_then_416 },
	{ .name = "dies-then-416-then-lies", .layer = dies_then_416_then_lies },
	{ .name = "dies-then-ignores-range", .layer = dies_then_ignores_range },
	{ .name = "dies-then-wrong-place", .layer = dies_then_wrong_place },
	{ .name = "elsewhere", .manifest = says_elsewhere, .layer = missing_layer },
	{ .name = "endless-headers", .manifest = endless_headers },
	{ .name = "endless-layer", .layer = endless_layer },
	{ .name = "endless-manifest", .manifest = endless_manifest },
	{ .name = "enormous-size", .manifest = enormous_size },
	{ .name = "false-digest", .manifest = false_digest },
	{ .name = "false-type", .manifest = false_type },
	{ .name = "held", .layer = held },
	{ .name = "missing-layer", .layer = missing_layer },
	{ .name = "negative-size", .manifest = negative_size },
	{ .name = "never-satisfied", .every = never_satisfied },
	{ .name = "not-json", .manifest = not_json },
	{ .name = "odd-type", .manifest = odd_type },
	{ .name = "other-content", .layer = other_content },
	{ .name = "page-with-status", .every = page_with_status },
	{ .name = "path-as-digest", .manifest = path_as_digest },
	{ .name = "schema1", .manifest = schema1 },
	{ .name = "shorter", .layer = shorter },
	{ .name = "shorter-unsaid", .layer = shorter_unsaid },
	{ .name = "smaller-size", .manifest = smaller_size },
	{ .name = "stalls", .layer = stalls },
	{ .name = "stargz-without-parts", .manifest = says_stargz, .layer = gives_no_parts },
	{ .name = "to-file", .layer = to_file },
	{ .name = "to-itself", .layer = to_itself },
	{ .name = "to-asker", .layer = to_asker },
	{ .name = "to-other-host", .every = wants_token, .layer = to_other_host },
	{ .name = "token", .every = wants_token },
	{ .name = "token-ages", .every = token_ages },
	{ .name = "token-by-file", .every = token_by_file },
	{ .name = "two-in-one", .manifest = two_in_one },
	{ .name = "wants-password", .every = wants_password },
	{ .name = "warns", .manifest = warns },
	{ .name = "web-page", .manifest = web_page },
	{ .name = "without-type", .manifest = without_type },
	{ .name = "web-page-layer", .layer = web_page_layer },
};

_Static_assert(ARRAY_LEN(acts) <= ACTS_MAX, "a counter for each act");

const struct act *act_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		if (streq(acts[i].name, name))
			return &acts[i];
	}
	return NULL;
}

size_t act_number(const char *name)
{
	const struct act *act = act_find(name);

	return act ? (size_t)(act - acts) : 0;
}

/* Page after page, each nearly as long as one may be. */
static void endless_list(struct request *r)
{
	size_t len = ((size_t)8 << 20) - 64;
	autofree char *page = xcalloc(len, 1);
	autofree char *headers = xasprintf("Link: <%s?last=%u>; rel=\"next\"\r\n", r->path,
					   __atomic_fetch_add(r->count, 1, __ATOMIC_SEQ_CST));

	memset(page, ' ', len);
	memcpy(page, "{\"tags\":[]}", 11);
	reply(r, "200 OK", headers, page, len);
}

bool act_elsewhere(struct request *r)
{
	if (starts_with(r->path, "/token/"))
		reply_text(r, "200 OK", "Content-Type: application/json\r\n",
			   "{\"token\":\"good\",\"expires_in\":60}");
	else if (streq(r->path, "/elsewhere"))
		reply_layer(r);
	else if (streq(r->path, "/v2/endless/tags/list"))
		endless_list(r);
	else if (streq(r->path, "/asker"))
		ask(r);
	else
		return false;
	return true;
}
