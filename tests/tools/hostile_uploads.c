/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: hostile_uploads LOGFILE [ADDRESS]
 *
 * A registry that is written to: listens on a free port of ADDRESS (127.0.0.1), prints it,
 * serves until it is killed.  The name of a repository says in which way it is difficult (the
 * table below); others are honest.  Each request is one line of LOGFILE, written before its answer:
 * "METHOD TARGET body=N auth=yes|no".
 */
#include "tests/tools/hostile_uploads.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libutil/alloc.h"

static const struct {
	const char *name;
	unsigned quirks;
} repositories[] = {
	{ "breaks-once", Q_BREAK_ONCE },
	{ "breaks-and-forgets", Q_BREAK_ONCE | Q_FORGETS },
	{ "breaks-always", Q_BREAK_ALWAYS },
	{ "busy-once", Q_BUSY_ONCE },
	{ "elsewhere", Q_TOKEN | Q_ELSEWHERE },
	{ "lies", Q_LIES },
	{ "min-chunk", Q_MIN_CHUNK | Q_NO_WHOLE },
	{ "mount-denied", Q_MOUNT_DENIED },
	{ "mounts", Q_MOUNTS },
	{ "no-location", Q_NO_LOCATION },
	{ "no-delete", Q_NO_DELETE },
	{ "no-tag-delete", Q_NO_TAG_DELETE },
	{ "pages", Q_PAGES },
	{ "pages-elsewhere", Q_PAGES | Q_PAGES_ELSEWHERE },
	{ "pages-forever", Q_PAGES | Q_PAGES_FOREVER },
	{ "redirects", Q_REDIRECTS },
	{ "referrers", Q_REFERRERS },
	{ "refuses-once", Q_416_ONCE },
	{ "relative", Q_RELATIVE },
	{ "single", Q_SINGLE },
	{ "slow", Q_SLOW },
	{ "small-bodies", Q_SMALL_BODIES },
	{ "tags-together", Q_MANY_TAGS },
	{ "stalls-once", Q_STALL_ONCE },
	{ "token", Q_TOKEN },
	{ "warns", Q_WARNS },
	{ "without-room", Q_WITHOUT_ROOM },
};

unsigned quirks_of(const char *repo)
{
	for (size_t i = 0; i < ARRAY_LEN(repositories); i++) {
		if (streq(repositories[i].name, repo))
			return repositories[i].quirks;
	}
	return 0;
}

/* ---- Bytes ---- */

static bool send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

void log_request(struct exchange *x)
{
	if (!x->logged)
		(void)dprintf(x->server->logfd, "%s %s body=%zu auth=%s\n", x->method, x->target,
			      x->body.len, x->auth[0] ? "yes" : "no");
	x->logged = true;
}

void answer(struct exchange *x, const char *status, const char *headers, const void *body,
	    size_t len)
{
	auto_(strbuf) struct strbuf head = { 0 };

	log_request(x);
	strbuf_addf(&head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
		    status, headers, len);
	(void)send_all(x->fd, head.data, head.len);
	if (!streq(x->method, "HEAD"))
		(void)send_all(x->fd, body, len);
}

void answer_text(struct exchange *x, const char *status, const char *headers, const char *text)
{
	answer(x, status, headers, text, strlen(text));
}

void take_body(struct exchange *x, size_t max)
{
	char buf[65536];

	if (x->expects)
		(void)send_all(x->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	while (x->body.len < max && x->body.len < x->length) {
		size_t want = max - x->body.len < sizeof(buf) ? max - x->body.len : sizeof(buf);
		ssize_t n = recv(x->fd, buf, want, 0);

		if (n <= 0)
			return;
		strbuf_add(&x->body, buf, (size_t)n);
	}
}

/* ---- Requests ---- */

static void take_header(struct exchange *x, const char *line)
{
	static const struct {
		const char *name;
		size_t offset, size;
	} texts[] = {
		{ "content-type:", offsetof(struct exchange, type), sizeof(x->type) },
		{ "content-range:", offsetof(struct exchange, range), sizeof(x->range) },
		{ "authorization:", offsetof(struct exchange, auth), sizeof(x->auth) },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		size_t len = strlen(texts[i].name);

		if (strncasecmp(line, texts[i].name, len) == 0)
			(void)snprintf((char *)x + texts[i].offset, texts[i].size, "%s",
				       line + len + 1);
	}
	if (strncasecmp(line, "content-length:", 15) == 0)
		x->length = strtoul(line + 15, NULL, 10);
	if (strncasecmp(line, "expect: 100", 11) == 0)
		x->expects = true;
}

/* /v2/REPO/REST?QUERY */
static void split_target(struct exchange *x)
{
	char *query = strchr(x->target, '?');
	const char *name = x->target + strlen("/v2/");
	size_t len;

	(void)snprintf(x->query, sizeof(x->query), "%s", query ? query + 1 : "");
	len = query ? (size_t)(query - x->target) : strlen(x->target);
	(void)snprintf(x->path, sizeof(x->path), "%.*s", (int)len, x->target);
	if (!starts_with(x->path, "/v2/") || !strchr(name, '/'))
		return;
	name = x->path + strlen("/v2/");
	(void)snprintf(x->repo, sizeof(x->repo), "%.*s", (int)strcspn(name, "/"), name);
	(void)snprintf(x->rest, sizeof(x->rest), "%s", strchr(name, '/') + 1);
}

/* false: that was no HTTP, a TLS greeting for example. */
static bool read_head(struct exchange *x)
{
	char text[16384], *save = NULL, *line, *end;
	size_t len = 0;

	for (;;) {
		ssize_t n = recv(x->fd, text + len, sizeof(text) - 1 - len, 0);

		if (n <= 0 || text[0] < 'A' || text[0] > 'Z')
			return false;
		len += (size_t)n;
		text[len] = '\0';
		end = strstr(text, "\r\n\r\n");
		if (end)
			break;
	}
	/* What came with it of the body. */
	strbuf_add(&x->body, end + 4, len - (size_t)(end + 4 - text));
	*end = '\0';
	line = strtok_r(text, "\r\n", &save);
	if (!line || sscanf(line, "%15s %2047s", x->method, x->target) != 2)
		return false;
	while ((line = strtok_r(NULL, "\r\n", &save)) != NULL)
		take_header(x, line);
	split_target(x);
	x->quirks = quirks_of(x->repo);
	return true;
}

static bool needs_token(struct exchange *x)
{
	autofree char *challenge = NULL;

	if (!(x->quirks & Q_TOKEN) || x->auth[0] || strstr(x->query, "session="))
		return false;
	challenge = xasprintf("WWW-Authenticate: Bearer realm=\"http://%s:%u/token\","
			      "scope=\"repository:%s:pull\"\r\n",
			      x->server->address, x->server->port, x->repo);
	answer_text(x, "401 Unauthorized", challenge, "");
	return true;
}

static void serve_one(struct exchange *x)
{
	if (streq(x->path, "/v2/"))
		answer_text(x, "200 OK", "", "{}");
	else if (streq(x->path, "/token"))
		answer_text(x, "200 OK", "", "{\"token\":\"good\"}");
	else if (!x->rest[0])
		answer_text(x, "404 Not Found", "", "");
	else if (!needs_token(x))
		serve_repository(x);
}

static void *serve(void *ctx)
{
	struct exchange *x = ctx;

	if (read_head(x)) {
		serve_one(x);
		log_request(x);
	}
	(void)shutdown(x->fd, SHUT_WR);
	/* Unread bytes would make the kernel take the answer back. */
	for (char sink[4096]; !x->hang_up && recv(x->fd, sink, sizeof(sink), 0) > 0;)
		;
	(void)close(x->fd);
	strbuf_done(&x->body);
	free(x);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	struct server *server = xcalloc(1, sizeof(*server));
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	server->address = argc == 3 ? argv[2] : "127.0.0.1";
	(void)inet_pton(AF_INET, server->address, &addr.sin_addr);
	server->logfd =
		argc >= 2 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
	(void)pthread_mutex_init(&server->lock, NULL);
	if (server->logfd < 0 || listener < 0 ||
	    bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 64) < 0 || getsockname(listener, (struct sockaddr *)&addr, &len) < 0) {
		perror("hostile_uploads LOGFILE [ADDRESS]");
		return 1;
	}
	server->port = ntohs(addr.sin_port);
	(void)printf("%u\n", server->port);
	(void)fflush(stdout);
	for (;;) {
		struct exchange *x = xcalloc(1, sizeof(*x));
		pthread_t thread;

		x->server = server;
		x->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		x->body.max = BODY_MAX;
		if (x->fd < 0 || pthread_create(&thread, NULL, serve, x) != 0)
			return 1;
		(void)pthread_detach(thread);
	}
}
