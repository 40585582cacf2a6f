/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repositories that want to know who one is:
 *
 *     as-KIND           a token of /auth/KIND on this host
 *     as-REALM.KIND     a token server elsewhere: see realms[]
 *     as-basic          name and password right away; layer 0 is at another host
 *     as-port.PORT      the same, at another port of this host
 *     as-ready          the token that the user has already
 *
 * The user is ann, her password "s3cret pass", her identity token "identity".
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "tests/tools/hostile_registry.h"

#define JSON_TYPE "Content-Type: application/json\r\n"
#define BASIC     "Basic YW5uOnMzY3JldCBwYXNz"

/* ---- Repositories ---- */

static const struct {
	const char *name, *realm; /* %s: the kind, %u: our port */
} realms[] = {
	{ "elsewhere", "http://localhost:%2$u/auth/%1$s" },
	{ "metadata", "http://169.254.169.254/auth/%1$s" },
	{ "loopback", "http://127.0.0.1:%2$u/auth/%1$s" },
	{ "ftp", "ftp://127.0.0.1:%2$u/auth/%1$s" },
	{ "user", "http://ann@127.0.0.1:%2$u/auth/%1$s" },
};

/* Format strings of the table, which the compiler does not see. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static char *realm_of(const struct request *r, const char *kind)
{
	const char *dot = strchr(kind, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(realms); i++) {
		if (strncmp(realms[i].name, kind, (size_t)(dot - kind)) == 0)
			return xasprintf(realms[i].realm, dot + 1, r->port);
	}
	return xasprintf("http://%s/auth/%s", r->host, kind);
}

static void challenge(struct request *r, const char *kind)
{
	autofree char *realm = realm_of(r, kind);
	autofree char *headers =
		xasprintf("WWW-Authenticate: Bearer realm=\"%s\",service=\"s\",scope="
			  "\"repository:%s:pull\"\r\n",
			  realm, r->name);

	reply_text(r, "401 Unauthorized", headers, "{}");
}

static bool basic(struct request *r, const char *host, unsigned port)
{
	autofree char *where = xasprintf("Location: http://%s:%u/elsewhere\r\n", host, port);

	if (!streq(r->auth, BASIC)) {
		reply_text(r, "401 Unauthorized", "WWW-Authenticate: Basic realm=\"private\"\r\n",
			   "");
		return true;
	}
	if (!starts_with(r->rest, "blobs/") ||
	    !streq(r->rest + strlen("blobs/"), r->image->layer_digest[0]))
		return false;
	reply_text(r, "307 Temporary Redirect", where, "");
	return true;
}

bool tokens_repository(struct request *r)
{
	const char *kind = r->name + strlen("as-");

	if (!starts_with(r->name, "as-"))
		return false;
	if (streq(kind, "basic"))
		return basic(r, "localhost", r->port);
	if (starts_with(kind, "port."))
		return basic(r, "127.0.0.1", (unsigned)atoi(kind + strlen("port.")));
	if (streq(r->auth, streq(kind, "ready") ? "Bearer ready" : "Bearer good"))
		return false;
	if (streq(kind, "open-quote"))
		reply_text(r, "401 Unauthorized", "WWW-Authenticate: Bearer realm=\"http://x\r\n",
			   "");
	else
		challenge(r, kind);
	return true;
}

/* ---- The token server ---- */

static void refuse(struct request *r)
{
	reply_text(r, "401 Unauthorized", JSON_TYPE,
		   "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"who?\"}]}");
}

static void give(struct request *r, bool right, const char *text)
{
	if (right)
		reply_text(r, "200 OK", JSON_TYPE, text);
	else
		refuse(r);
}

static void password(struct request *r)
{
	give(r, streq(r->auth, BASIC) && strstr(r->query, "account=ann"),
	     "{\"token\":\"good\",\"expires_in\":300}");
}

static void post(struct request *r)
{
	if (!r->post)
		reply_text(r, "405 Method Not Allowed", "", "");
	else
		give(r,
		     strstr(r->body, "grant_type=password") &&
			     strstr(r->body, "password=s3cret%20pass") &&
			     strstr(r->body, "username=ann") && strstr(r->body, "client_id="),
		     "{\"access_token\":\"good\"}");
}

static void identity(struct request *r)
{
	give(r,
	     r->post && strstr(r->body, "grant_type=refresh_token") &&
		     strstr(r->body, "refresh_token=identity") && strstr(r->body, "service=s"),
	     "{\"access_token\":\"good\",\"refresh_token\":\"more\"}");
}

static void post_away(struct request *r)
{
	autofree char *where = xasprintf("Location: http://localhost:%u/auth/thief\r\n", r->port);

	reply_text(r, r->post ? "307 Temporary Redirect" : "405 Method Not Allowed", where, "");
}

static void get_away(struct request *r)
{
	autofree char *where = xasprintf("Location: http://localhost:%u/auth/thief\r\n", r->port);

	reply_text(r, "302 Found", where, "");
}

static void thief(struct request *r)
{
	reply_text(r, "200 OK", JSON_TYPE, "{\"token\":\"good\"}");
}

/* It was given out 55 of its 60 seconds ago. */
static void old(struct request *r)
{
	time_t then = time(NULL) - 55;
	char text[128];
	struct tm utc;

	(void)strftime(
		text, sizeof(text),
		"{\"token\":\"good\",\"expires_in\":60,\"issued_at\":\"%Y-%m-%dT%H:%M:%SZ\"}",
		gmtime_r(&then, &utc));
	reply_text(r, "200 OK", JSON_TYPE, text);
}

static void endless(struct request *r)
{
	reply_head(r, "200 OK", JSON_TYPE);
	while (send_bytes(r, "                                                                ",
			  64))
		;
}

/* Fast enough to look alive, and without an end. */
static void drip(struct request *r)
{
	reply_head(r, "200 OK", JSON_TYPE);
	while (send_bytes(r, "          ", 10))
		(void)usleep(20000);
}

static void to_file(struct request *r)
{
	reply_text(r, "302 Found", "Location: file:///etc/passwd\r\n", "");
}

static void to_metadata(struct request *r)
{
	reply_text(r, "302 Found", "Location: http://169.254.169.254/latest/meta-data\r\n", "");
}

static void to_bare(struct request *r)
{
	reply_text(r, "302 Found", "Location: //169.254.169.254/latest/meta-data\r\n", "");
}

static void to_loopback(struct request *r)
{
	reply_text(r, "302 Found", "Location: http://127.0.0.1:1/secret\r\n", "");
}

/* The same machine by a name that hides it. */
static void to_name(struct request *r)
{
	autofree char *where = xasprintf("Location: http://hidden.test:%u/auth/thief\r\n", r->port);

	reply_text(r, "302 Found", where, "");
}

static void none(struct request *r)
{
	reply_text(r, "200 OK", JSON_TYPE, "{\"expires_in\":60}");
}

static void lines(struct request *r)
{
	reply_text(r, "200 OK", JSON_TYPE, "{\"token\":\"good\\r\\nX-Evil: 1\"}");
}

/* What the file $TOKEN_FILE holds, for ann. */
static void from_file(struct request *r)
{
	const char *path = getenv("TOKEN_FILE");
	autofile FILE *f = path ? fopen(path, "re") : NULL;
	char text[8192];
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	give(r, streq(r->auth, BASIC), text);
}

static const struct {
	const char *name;
	void (*answer)(struct request *r);
} kinds[] = {
	{ "from-file", from_file }, { "password", password },
	{ "post", post },           { "identity", identity },
	{ "post-away", post_away }, { "get-away", get_away },
	{ "thief", thief },         { "old", old },
	{ "endless", endless },     { "drip", drip },
	{ "to-file", to_file },     { "to-loopback", to_loopback },
	{ "to-bare", to_bare },     { "to-metadata", to_metadata },
	{ "to-name", to_name },     { "none", none },
	{ "lines", lines },
};

bool tokens_server(struct request *r)
{
	if (!starts_with(r->path, "/auth/"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (streq(r->path + strlen("/auth/"), kinds[i].name)) {
			kinds[i].answer(r);
			return true;
		}
	}
	return false;
}
