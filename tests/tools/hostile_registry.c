/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: hostile_registry LOGFILE [ADDRESS]
 *
 * Listens on a free port of ADDRESS, 127.0.0.1 without it, prints it, serves until it is
 * killed.  Each request is one line of LOGFILE: "PATH[?QUERY] auth=yes|no range=N|-",
 * with "POST " in front if it is one.
 */
#include "tests/tools/hostile_registry.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "oci-spec/image_spec.h"

#define TAR_BLOCK 512

/* ---- Answers ---- */

bool send_bytes(struct request *r, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(r->fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

void reply_head(struct request *r, const char *status, const char *headers)
{
	auto_(strbuf) struct strbuf head = { 0 };

	strbuf_addf(&head, "HTTP/1.1 %s\r\n%sConnection: close\r\n\r\n", status, headers);
	(void)send_bytes(r, head.data, head.len);
}

void reply(struct request *r, const char *status, const char *headers, const void *body, size_t len)
{
	autofree char *all = xasprintf("%sContent-Length: %zu\r\n", headers, len);

	reply_head(r, status, all);
	(void)send_bytes(r, body, len);
}

void reply_text(struct request *r, const char *status, const char *headers, const char *text)
{
	reply(r, status, headers, text, strlen(text));
}

static void reply_blob(struct request *r, const unsigned char *data, size_t len)
{
	size_t from =
		r->range_from > 0 && (uint64_t)r->range_from < len ? (size_t)r->range_from : 0;
	autofree char *headers =
		xasprintf("Content-Type: application/octet-stream\r\nContent-Range: bytes "
			  "%zu-%zu/%zu\r\n",
			  from, len - 1, len);

	reply(r, from ? "206 Partial Content" : "200 OK", headers, data + from, len - from);
}

void reply_layer(struct request *r)
{
	reply_blob(r, r->image->layer[0], LAYER_SIZE);
}

/* ---- The honest image ---- */

static void fill(unsigned char *p, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 17;
		seed ^= seed << 5;
		p[i] = (unsigned char)seed;
	}
}

/* A tar archive of one file of noise, all of LAYER_SIZE. */
static void make_layer(unsigned char *p, unsigned number)
{
	size_t size = LAYER_SIZE - (size_t)3 * TAR_BLOCK;
	char *head = (char *)p;
	unsigned sum = 0;

	(void)snprintf(head, 100, "layer-%u", number);
	(void)snprintf(head + 100, 8, "%07o", 0644u);
	(void)snprintf(head + 108, 8, "%07o", 0u);
	(void)snprintf(head + 116, 8, "%07o", 0u);
	(void)snprintf(head + 124, 12, "%011zo", size);
	(void)snprintf(head + 136, 12, "%011o", 1715000000u);
	memset(head + 148, ' ', 8);
	head[156] = '0';
	memcpy(head + 257, "ustar\00000", 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += p[i];
	(void)snprintf(head + 148, 8, "%06o", sum);
	fill(p + TAR_BLOCK, size, number);
}

static void make_image(struct image *image)
{
	auto_(strbuf) struct strbuf ids = { 0 };

	for (uint32_t i = 0; i < LAYERS; i++) {
		image->layer[i] = xcalloc(LAYER_SIZE, 1);
		make_layer(image->layer[i], i + 1);
		digest_of(DIGEST_SHA256, image->layer[i], LAYER_SIZE, image->layer_digest[i]);
		strbuf_addf(&ids, "%s\"%s\"", i ? "," : "", image->layer_digest[i]);
	}
	(void)snprintf(
		image->config, sizeof(image->config),
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		"\"diff_ids\":[%s]}}",
		strbuf_str(&ids));
	digest_of(DIGEST_SHA256, image->config, strlen(image->config), image->config_digest);
}

void manifest_text(const struct image *image, const char *digest, int64_t size, struct strbuf *out)
{
	strbuf_addf(out,
		    "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
		    "\",\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG
		    "\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
		    image->config_digest, strlen(image->config));
	for (int i = 0; i < LAYERS; i++) {
		bool spoilt = i == 0;

		strbuf_addf(out,
			    "%s{\"mediaType\":\"" MEDIA_OCI_LAYER
			    "\",\"digest\":\"%s\",\"size\":%" PRId64 "}",
			    i ? "," : "", spoilt && digest ? digest : image->layer_digest[i],
			    spoilt && size ? size : (int64_t)LAYER_SIZE);
	}
	strbuf_adds(out, "]}");
}

static void reply_manifest(struct request *r)
{
	auto_(strbuf) struct strbuf text = { 0 };

	manifest_text(r->image, NULL, 0, &text);
	reply(r, "200 OK", "Content-Type: " MEDIA_OCI_MANIFEST "\r\n", text.data, text.len);
}

static void reply_by_digest(struct request *r, const char *digest)
{
	if (streq(digest, r->image->config_digest)) {
		reply_blob(r, (const unsigned char *)r->image->config, strlen(r->image->config));
		return;
	}
	for (int i = 0; i < LAYERS; i++) {
		if (streq(digest, r->image->layer_digest[i])) {
			reply_blob(r, r->image->layer[i], LAYER_SIZE);
			return;
		}
	}
	reply_text(r, "404 Not Found", "",
		   "{\"errors\":[{\"code\":\"BLOB_UNKNOWN\",\"message\":\"no such blob\"}]}");
}

static void answer(struct request *r)
{
	const struct act *act = act_find(r->name);
	bool manifest = starts_with(r->rest, "manifests/");
	bool blob = starts_with(r->rest, "blobs/");

	if (streq(r->path, "/v2/")) {
		reply_text(r, "200 OK", "", "{}");
	} else if (!manifest && !blob) {
		if (!tokens_server(r) && !act_elsewhere(r))
			reply_text(r, "404 Not Found", "", "nothing here");
	} else if (tokens_repository(r)) {
		return;
	} else if (!act && !starts_with(r->name, "as-")) {
		reply_text(
			r, "404 Not Found", "",
			"{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"no\\u001b[31m act\"}]}");
	} else if (act && act->every && act->every(r)) {
		return;
	} else if (manifest) {
		if (!act || !act->manifest || !act->manifest(r))
			reply_manifest(r);
	} else if (!act || !act->layer ||
		   !streq(r->rest + strlen("blobs/"), r->image->layer_digest[0]) ||
		   !act->layer(r)) {
		reply_by_digest(r, r->rest + strlen("blobs/"));
	}
}

/* ---- Requests ---- */

static void read_header(struct request *r, const char *line)
{
	if (strncasecmp(line, "host:", 5) == 0)
		(void)snprintf(r->host, sizeof(r->host), "%s", line + 6);
	else if (strncasecmp(line, "authorization:", 14) == 0)
		(void)snprintf(r->auth, sizeof(r->auth), "%s", line + 15);
	else if (strncasecmp(line, "x-secret:", 9) == 0)
		(void)snprintf(r->auth, sizeof(r->auth), "%s", line + 10);
	else if (strncasecmp(line, "range: bytes=", 13) == 0)
		r->range_from = atoll(line + 13);
}

/* /v2/NAME/manifests/REF and /v2/NAME/blobs/DIGEST */
static void split_path(struct request *r)
{
	const char *name = r->path + strlen("/v2/");
	const char *slash;

	if (!starts_with(r->path, "/v2/") || !(slash = strchr(name, '/')))
		return;
	(void)snprintf(r->name, sizeof(r->name), "%.*s", (int)(slash - name), name);
	(void)snprintf(r->rest, sizeof(r->rest), "%s", slash + 1);
}

/* What came with the headers and what comes behind them. */
static void read_body(struct request *r, const char *text, const char *start)
{
	const char *length = strcasestr(text, "\r\ncontent-length:");
	size_t want = length ? (size_t)atoll(length + 17) : 0, len = strlen(start);

	(void)snprintf(r->body, sizeof(r->body), "%.4000s", start);
	while (len < want && len + 1 < sizeof(r->body)) {
		ssize_t n = recv(r->fd, r->body + len, sizeof(r->body) - 1 - len, 0);

		if (n <= 0)
			return;
		len += (size_t)n;
		r->body[len] = '\0';
	}
}

static bool read_line(struct request *r, const char *line)
{
	char method[8];
	int n = sscanf(line, "%7s %1023[^? ]?%1023[^ ]", method, r->path, r->query);

	r->post = streq(method, "POST");
	return n >= 2;
}

/* false: that was no HTTP, a TLS greeting for example. */
static bool read_request(struct request *r)
{
	char text[8192];
	size_t len = 0;
	char *save = NULL, *line, *end = NULL;

	while (len + 1 < sizeof(text) && !end) {
		ssize_t n = recv(r->fd, text + len, sizeof(text) - 1 - len, 0);

		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		if (!starts_with(text, "GET ") && !starts_with(text, "POST "))
			return false;
		end = strstr(text, "\r\n\r\n");
	}
	if (end && starts_with(text, "POST "))
		read_body(r, text, end + 4);
	line = strtok_r(text, "\r\n", &save);
	if (!line || !read_line(r, line))
		return false;
	while ((line = strtok_r(NULL, "\r\n", &save)) != NULL)
		read_header(r, line);
	split_path(r);
	return true;
}

static void log_request(const struct request *r, int logfd)
{
	char range[24] = "-";

	if (r->range_from >= 0)
		(void)snprintf(range, sizeof(range), "%" PRId64, r->range_from);
	(void)dprintf(logfd, "%s%s%s%s auth=%s range=%s\n", r->post ? "POST " : "", r->path,
		      r->query[0] ? "?" : "", r->query, r->auth[0] ? "yes" : "no", range);
}

static void serve(struct request *r, unsigned *counters, int logfd)
{
	if (!read_request(r))
		return;
	log_request(r, logfd);
	r->count = &counters[act_number(r->name)];
	answer(r);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	struct image image = { 0 };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int logfd = argc >= 2 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
	unsigned *counters = mmap(NULL, ACTS_MAX * sizeof(*counters), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (argc == 3)
		addr.sin_addr.s_addr = inet_addr(argv[2]);
	if (logfd < 0 || counters == MAP_FAILED || listener < 0 ||
	    bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 64) < 0 || getsockname(listener, (struct sockaddr *)&addr, &len) < 0) {
		perror("hostile_registry LOGFILE [ADDRESS]");
		return 1;
	}
	make_image(&image);
	(void)signal(SIGCHLD, SIG_IGN);
	(void)printf("%u\n", (unsigned)ntohs(addr.sin_port));
	(void)fflush(stdout);
	for (;;) {
		struct request r = { .port = ntohs(addr.sin_port),
				     .log = argv[1],
				     .image = &image,
				     .range_from = -1 };

		r.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (r.fd < 0)
			continue;
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(&r, counters, logfd);
			(void)shutdown(r.fd, SHUT_WR);
			_exit(0);
		}
		(void)close(r.fd);
	}
}
