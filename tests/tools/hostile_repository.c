/* SPDX-License-Identifier: Apache-2.0 */
/* What the repositories of hostile_uploads do. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "libutil/alloc.h"
#include "libutil/digest.h"
#include "libutil/strv.h"
#include "oci-spec/image_spec.h"
#include "tests/tools/hostile_uploads.h"

/* ---- What is kept ---- */

static struct item *find_item(struct server *s, const char *repo, const char *key)
{
	for (size_t i = 0; i < s->n_items; i++) {
		if ((!repo || streq(s->items[i].repo, repo)) && streq(s->items[i].key, key))
			return &s->items[i];
	}
	return NULL;
}

static void put_item(struct exchange *x, const char *key, const char *type, const void *data,
		     size_t len)
{
	struct server *s = x->server;
	struct item *item;

	(void)pthread_mutex_lock(&s->lock);
	item = find_item(s, x->repo, key);
	if (!item && s->n_items < ITEMS_MAX)
		item = &s->items[s->n_items++];
	/* The same again stays: somebody may be reading it. */
	if (item && (item->data.len != len || memcmp(item->data.data, data, len) != 0)) {
		(void)snprintf(item->repo, sizeof(item->repo), "%s", x->repo);
		(void)snprintf(item->key, sizeof(item->key), "%s", key);
		(void)snprintf(item->type, sizeof(item->type), "%s", type);
		strbuf_done(&item->data);
		item->data = (struct strbuf){ .max = BODY_MAX };
		strbuf_add(&item->data, data, len);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

/* A copy: others may change it while it is sent.  False: there is none. */
static bool copy_item(struct exchange *x, const char *repo, const char *key, struct item *ret)
{
	const struct item *item;

	(void)pthread_mutex_lock(&x->server->lock);
	item = find_item(x->server, repo, key);
	if (item) {
		*ret = *item;
		ret->data = (struct strbuf){ .max = BODY_MAX };
		strbuf_add(&ret->data, strbuf_str(&item->data), item->data.len);
	}
	(void)pthread_mutex_unlock(&x->server->lock);
	return item;
}

/* The first time? */
static bool once(struct exchange *x, unsigned quirk)
{
	bool first;

	if (!(x->quirks & quirk))
		return false;
	(void)pthread_mutex_lock(&x->server->lock);
	first = !(x->server->happened & quirk);
	x->server->happened |= quirk;
	(void)pthread_mutex_unlock(&x->server->lock);
	return first;
}

static const char *query_value(const struct exchange *x, const char *key, char *buf, size_t size)
{
	auto_(strv) struct strv parts = { 0 };

	strv_split(&parts, x->query, '&', true);
	buf[0] = '\0';
	for (size_t i = 0; i < parts.n; i++) {
		size_t len = strlen(key);

		if (starts_with(parts.v[i], key) && parts.v[i][len] == '=')
			(void)snprintf(buf, size, "%s", parts.v[i] + len + 1);
	}
	return buf;
}

static void text_digest(const struct strbuf *data, const char *like, char ret[DIGEST_TEXT_SIZE])
{
	digest_of(starts_with(like, "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256, strbuf_str(data),
		  data->len, ret);
}

/* ---- Uploads ---- */

static void say_where(const struct exchange *x, long id, struct strbuf *out)
{
	const char *host = x->quirks & Q_ELSEWHERE ? "localhost" : x->server->address;

	if (x->quirks & Q_NO_LOCATION)
		return;
	strbuf_adds(out, "Location: ");
	if (!(x->quirks & Q_RELATIVE))
		strbuf_addf(out, "http://%s:%u", host, x->server->port);
	strbuf_addf(out, "/v2/%s/uploads?session=%ld&_state=a%%2Fb%%3D\r\n", x->repo, id);
}

static void say_range(const struct session *s, struct strbuf *out)
{
	strbuf_addf(out, "Range: 0-%zu\r\n", s->data.len > 0 ? s->data.len - 1 : 0);
}

static void begin_upload(struct exchange *x)
{
	auto_(strbuf) struct strbuf headers = { 0 };
	struct server *s = x->server;
	struct session *session;
	long id;

	(void)pthread_mutex_lock(&s->lock);
	id = (long)s->n_sessions++;
	session = &s->sessions[id % SESSIONS_MAX];
	session->open = true;
	session->data.max = BODY_MAX;
	(void)snprintf(session->repo, sizeof(session->repo), "%s", x->repo);
	(void)pthread_mutex_unlock(&s->lock);
	say_where(x, id, &headers);
	if (x->quirks & Q_MIN_CHUNK)
		strbuf_addf(&headers, "OCI-Chunk-Min-Length: %zu\r\n", CHUNK_MIN);
	answer_text(x, "202 Accepted", strbuf_str(&headers), "");
}

static bool store_blob(struct exchange *x, const char *digest, const struct strbuf *data)
{
	char found[DIGEST_TEXT_SIZE], key[400];

	text_digest(data, digest, found);
	if (!streq(found, digest)) {
		answer_text(x, "400 Bad Request", "",
			    "{\"errors\":[{\"code\":\"DIGEST_INVALID\",\"message\":\"no\"}]}");
		return false;
	}
	(void)snprintf(key, sizeof(key), "blobs/%s", digest);
	put_item(x, key, "application/octet-stream", strbuf_str(data), data->len);
	answer_text(x, "201 Created",
		    x->quirks & Q_LIES ? "Docker-Content-Digest: sha256:"
					 "00000000000000000000000000000000"
					 "00000000000000000000000000000000\r\n"
				       : "",
		    "");
	return true;
}

static void mount_blob(struct exchange *x, const char *digest)
{
	char from[256], key[400];
	struct item found = { 0 };

	(void)query_value(x, "from", from, sizeof(from));
	(void)snprintf(key, sizeof(key), "blobs/%s", digest);
	if (x->quirks & Q_MOUNT_DENIED) {
		answer_text(x, "403 Forbidden", "", "");
		return;
	}
	if (!(x->quirks & Q_MOUNTS) || !copy_item(x, from[0] ? from : NULL, key, &found)) {
		begin_upload(x);
		return;
	}
	put_item(x, key, found.type, strbuf_str(&found.data), found.data.len);
	strbuf_done(&found.data);
	answer_text(x, "201 Created", "", "");
}

static void post_upload(struct exchange *x)
{
	char digest[300];

	if (x->quirks & Q_REDIRECTS) {
		autofree char *where = xasprintf("Location: %s\r\n", x->target);

		answer_text(x, "307 Temporary Redirect", where, "");
		return;
	}
	if (query_value(x, "mount", digest, sizeof(digest))[0]) {
		mount_blob(x, digest);
		return;
	}
	if (query_value(x, "digest", digest, sizeof(digest))[0] && x->quirks & Q_SINGLE) {
		take_body(x, x->length);
		(void)store_blob(x, digest, &x->body);
		return;
	}
	begin_upload(x);
}

/* The line dies, or the body is refused, in the middle: true when that was all. */
static bool take_half(struct exchange *x, struct session *s)
{
	bool breaks =
		x->length > CHUNK_MIN && (x->quirks & Q_BREAK_ALWAYS || once(x, Q_BREAK_ONCE));
	bool refuses = x->length > CHUNK_MIN && once(x, Q_416_ONCE);
	auto_(strbuf) struct strbuf headers = { 0 };

	if (!breaks && !refuses)
		return false;
	take_body(x, x->length / 2);
	if (!(x->quirks & Q_BREAK_ALWAYS))
		strbuf_add(&s->data, x->body.data, x->body.len);
	if (breaks && x->quirks & Q_FORGETS)
		s->open = false;
	x->hang_up = breaks;
	if (refuses) {
		take_body(x, x->length);
		say_range(s, &headers);
		answer_text(x, "416 Range Not Satisfiable", strbuf_str(&headers), "");
	}
	return true;
}

static bool is_too_large(const struct exchange *x)
{
	return (x->quirks & Q_SMALL_BODIES && x->length > SMALL_BODY) ||
	       (x->quirks & Q_WITHOUT_ROOM && x->length > 0) ||
	       (x->quirks & Q_NO_WHOLE && streq(x->method, "PUT") && x->length > CHUNK_MIN);
}

/* Until the client has gone, with nothing of this chunk kept. */
static void stall(struct exchange *x)
{
	char none;

	take_body(x, x->length);
	log_request(x);
	(void)recv(x->fd, &none, 1, 0);
	x->hang_up = true;
}

static void append(struct exchange *x, struct session *s, long id)
{
	auto_(strbuf) struct strbuf headers = { 0 };
	size_t from = strtoul(x->range, NULL, 10);

	if (s->data.len >= (size_t)2 << 20 && once(x, Q_STALL_ONCE)) {
		stall(x);
		return;
	}
	if (x->quirks & Q_SLOW)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 250000000 }, NULL);
	say_where(x, id, &headers);
	if (x->range[0] && from != s->data.len) {
		take_body(x, x->length);
		say_range(s, &headers);
		answer_text(x, "416 Range Not Satisfiable", strbuf_str(&headers), "");
		return;
	}
	take_body(x, x->length);
	strbuf_add(&s->data, x->body.data, x->body.len);
	say_range(s, &headers);
	answer_text(x, "202 Accepted", strbuf_str(&headers), "");
}

static void serve_session(struct exchange *x, struct session *s, long id)
{
	auto_(strbuf) struct strbuf headers = { 0 };
	char digest[300], state[32];

	if (!s->open || !streq(s->repo, x->repo) ||
	    !streq(query_value(x, "_state", state, sizeof(state)), "a%2Fb%3D")) {
		answer_text(x, "404 Not Found", "", "");
	} else if (streq(x->method, "GET")) {
		say_where(x, id, &headers);
		say_range(s, &headers);
		answer_text(x, "204 No Content", strbuf_str(&headers), "");
	} else if (streq(x->method, "DELETE")) {
		s->open = false;
		strbuf_done(&s->data);
		answer_text(x, "204 No Content", "", "");
	} else if (is_too_large(x)) {
		answer_text(x, "413 Content Too Large", "", "");
	} else if (take_half(x, s)) {
		return;
	} else if (streq(x->method, "PATCH")) {
		append(x, s, id);
	} else if (streq(x->method, "PUT")) {
		take_body(x, x->length);
		strbuf_add(&s->data, x->body.data, x->body.len);
		(void)store_blob(x, query_value(x, "digest", digest, sizeof(digest)), &s->data);
		s->open = false;
		strbuf_done(&s->data);
	}
}

static void go_on_upload(struct exchange *x)
{
	char id_text[32];
	unsigned long id = strtoul(query_value(x, "session", id_text, sizeof(id_text)), NULL, 10);
	struct session *s = &x->server->sessions[id % SESSIONS_MAX];

	(void)pthread_mutex_lock(&s->lock);
	serve_session(x, s, (long)id);
	(void)pthread_mutex_unlock(&s->lock);
}

/* ---- Manifests ---- */

static void subject_of(const struct strbuf *text, struct strbuf *out)
{
	const char *p = strstr(strbuf_str(text), "\"subject\"");

	p = p ? strstr(p, "\"digest\"") : NULL;
	p = p ? strstr(p + 8, "sha256:") : NULL;
	if (p)
		strbuf_add(out, p, strlen("sha256:") + 64);
}

static void say_tags(struct exchange *x, struct strbuf *headers)
{
	auto_(strv) struct strv parts = { 0 };

	strv_split(&parts, x->query, '&', true);
	for (size_t i = 0; i < parts.n; i++) {
		autofree char *key = NULL;

		if (!starts_with(parts.v[i], "tag="))
			continue;
		key = xasprintf("manifests/%s", parts.v[i] + 4);
		put_item(x, key, x->type, strbuf_str(&x->body), x->body.len);
		strbuf_addf(headers, "OCI-Tag: %s\r\n", parts.v[i] + 4);
	}
}

static void put_manifest(struct exchange *x)
{
	auto_(strbuf) struct strbuf headers = { 0 };
	auto_(strbuf) struct strbuf subject = { 0 };
	char digest[DIGEST_TEXT_SIZE];
	autofree char *key = NULL;

	take_body(x, x->length);
	text_digest(&x->body, "sha256:", digest);
	key = xasprintf("manifests/%s", digest);
	put_item(x, key, x->type, strbuf_str(&x->body), x->body.len);
	put_item(x, x->rest, x->type, strbuf_str(&x->body), x->body.len);
	subject_of(&x->body, &subject);
	if (x->quirks & Q_LIES)
		digest[strlen(digest) - 1] ^= 1;
	strbuf_addf(&headers, "Docker-Content-Digest: %s\r\n", digest);
	if (subject.len && x->quirks & Q_REFERRERS)
		strbuf_addf(&headers, "OCI-Subject: %s\r\n", strbuf_str(&subject));
	if (x->quirks & Q_MANY_TAGS)
		say_tags(x, &headers);
	if (x->quirks & Q_WARNS)
		strbuf_adds(&headers, "Warning: 299 - \"this repository \x1b[31mcloses soon\"\r\n");
	answer_text(x, "201 Created", strbuf_str(&headers), "");
}

static void get_item(struct exchange *x)
{
	struct item item = { 0 };
	char digest[DIGEST_TEXT_SIZE];
	autofree char *headers = NULL;

	if (!copy_item(x, x->repo, x->rest, &item)) {
		answer_text(x, "404 Not Found", "", "");
		return;
	}
	text_digest(&item.data, "sha256:", digest);
	headers = xasprintf("Content-Type: %s\r\nDocker-Content-Digest: %s\r\n", item.type, digest);
	answer(x, "200 OK", headers, strbuf_str(&item.data), item.data.len);
	strbuf_done(&item.data);
}

static void delete_item(struct exchange *x)
{
	struct item *item;
	bool tag = starts_with(x->rest, "manifests/") && !strchr(x->rest, ':');

	if (x->quirks & Q_NO_DELETE || (tag && x->quirks & Q_NO_TAG_DELETE)) {
		answer_text(x, "405 Method Not Allowed", "",
			    "{\"errors\":[{\"code\":\"UNSUPPORTED\",\"message\":\"no\"}]}");
		return;
	}
	(void)pthread_mutex_lock(&x->server->lock);
	item = find_item(x->server, x->repo, x->rest);
	if (item)
		item->key[0] = '\0';
	(void)pthread_mutex_unlock(&x->server->lock);
	answer_text(x, item ? "202 Accepted" : "404 Not Found", "", "");
}

/* ---- Lists ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_tags(struct exchange *x)
{
	auto_(strv) struct strv tags = { 0 };
	auto_(strbuf) struct strbuf body = { 0 };
	auto_(strbuf) struct strbuf headers = { 0 };
	char last[200], number[24];
	size_t most = x->quirks & Q_PAGES ? 2 : SIZE_MAX, given = 0;

	(void)pthread_mutex_lock(&x->server->lock);
	for (size_t i = 0; i < x->server->n_items; i++) {
		const struct item *item = &x->server->items[i];

		if (streq(item->repo, x->repo) && starts_with(item->key, "manifests/") &&
		    !strchr(item->key, ':'))
			strv_add(&tags, item->key + strlen("manifests/"));
	}
	(void)pthread_mutex_unlock(&x->server->lock);
	if (tags.n > 1)
		qsort(tags.v, tags.n, sizeof(char *), by_name);
	(void)query_value(x, "last", last, sizeof(last));
	if (query_value(x, "n", number, sizeof(number))[0] && strtoul(number, NULL, 10) < most)
		most = strtoul(number, NULL, 10);
	strbuf_adds(&body, "{\"name\":\"x\",\"tags\":[");
	for (size_t i = 0; i < tags.n; i++) {
		if (strcmp(tags.v[i], last) <= 0)
			continue;
		if (given == most) {
			strbuf_addf(
				&headers, "Link: <%s/v2/%s/tags/list?last=%s>; rel=\"next\"\r\n",
				x->quirks & Q_PAGES_ELSEWHERE ? "http://localhost:1" : "", x->repo,
				x->quirks & Q_PAGES_FOREVER && last[0] ? last : tags.v[i - 1]);
			break;
		}
		strbuf_addf(&body, "%s\"%s\"", given++ ? "," : "", tags.v[i]);
	}
	strbuf_adds(&body, "]}");
	answer_text(x, "200 OK", strbuf_str(&headers), strbuf_str(&body));
}

static bool refers_to(const struct item *item, const char *repo, const char *digest)
{
	auto_(strbuf) struct strbuf subject = { 0 };

	if (!streq(item->repo, repo) || !starts_with(item->key, "manifests/sha256:"))
		return false;
	subject_of(&item->data, &subject);
	return streq(strbuf_str(&subject), digest);
}

/* One a page; the filter is ignored, as a registry may (then it says no OCI-Filters-Applied). */
static void list_referrers(struct exchange *x)
{
	auto_(strbuf) struct strbuf body = { 0 };
	auto_(strbuf) struct strbuf headers = { 0 };
	char page_text[24];
	size_t page = strtoul(query_value(x, "page", page_text, sizeof(page_text)), NULL, 10),
	       at = 0;
	bool first = true;

	if (!(x->quirks & Q_REFERRERS)) {
		answer_text(x, "404 Not Found", "", "page not found");
		return;
	}
	strbuf_adds(&headers, "Content-Type: " MEDIA_OCI_INDEX "\r\n");
	strbuf_adds(&body, "{\"schemaVersion\":2,\"manifests\":[");
	(void)pthread_mutex_lock(&x->server->lock);
	for (size_t i = 0; i < x->server->n_items; i++) {
		const struct item *item = &x->server->items[i];

		if (!refers_to(item, x->repo, x->rest + strlen("referrers/")))
			continue;
		if (at == page + 1) {
			strbuf_addf(&headers, "Link: <./%s?page=%zu>; rel=next\r\n",
				    x->rest + strlen("referrers/"), page + 1);
			break;
		}
		if (at++ != page)
			continue;
		strbuf_addf(&body,
			    "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu,"
			    "\"artifactType\":\"%s\"}",
			    first ? "" : ",", item->type, item->key + strlen("manifests/"),
			    item->data.len,
			    strstr(item->data.data, "application/x-one") ? "application/x-one"
									 : "application/x-two");
		first = false;
	}
	(void)pthread_mutex_unlock(&x->server->lock);
	strbuf_adds(&body, "]}");
	answer_text(x, "200 OK", strbuf_str(&headers), strbuf_str(&body));
}

/* ---- All of it ---- */

static void answer_busy(struct exchange *x)
{
	answer_text(x, "429 Too Many Requests", "Retry-After: 1\r\n", "");
}

static const struct {
	const char *method, *rest;
	void (*serve)(struct exchange *x);
} requests[] = {
	{ "POST", "blobs/uploads/", post_upload },
	{ NULL, "uploads", go_on_upload },
	{ "PUT", "manifests/", put_manifest },
	{ "GET", "manifests/", get_item },
	{ "HEAD", "manifests/", get_item },
	{ "GET", "blobs/", get_item },
	{ "HEAD", "blobs/", get_item },
	{ "DELETE", "manifests/", delete_item },
	{ "DELETE", "blobs/", delete_item },
	{ "GET", "tags/list", list_tags },
	{ "GET", "referrers/", list_referrers },
};

void serve_repository(struct exchange *x)
{
	if (once(x, Q_BUSY_ONCE)) {
		answer_busy(x);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		if (starts_with(x->rest, requests[i].rest) &&
		    (!requests[i].method || streq(requests[i].method, x->method))) {
			requests[i].serve(x);
			return;
		}
	}
	answer_text(x, "404 Not Found", "", "");
}
