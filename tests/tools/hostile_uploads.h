/* SPDX-License-Identifier: Apache-2.0 */
/* A registry to write to, difficult in one way per repository: hostile_uploads.c speaks HTTP,
 * hostile_repository.c is what the repositories do. */
#ifndef TESTS_TOOLS_HOSTILE_UPLOADS_H
#define TESTS_TOOLS_HOSTILE_UPLOADS_H

#include <pthread.h>
#include <stdlib.h>

#include "libutil/strbuf.h"

#define BODY_MAX     ((size_t)64 << 20)
#define SESSIONS_MAX 256
#define ITEMS_MAX    1024
#define CHUNK_MIN    ((size_t)512 << 10)
#define SMALL_BODY   ((size_t)2 << 20)

enum quirk {
	Q_NO_LOCATION = 1 << 0,      /* 202 says not where */
	Q_RELATIVE = 1 << 1,         /* Location is a path with a query that has to come back */
	Q_BREAK_ONCE = 1 << 2,       /* the first long body is taken half, and the line dies */
	Q_BREAK_ALWAYS = 1 << 3,     /* so is every one, and nothing is kept */
	Q_FORGETS = 1 << 4,          /* ... and what arrived is not remembered */
	Q_416_ONCE = 1 << 5,         /* the first long body is taken half, and refused */
	Q_MIN_CHUNK = 1 << 6,        /* OCI-Chunk-Min-Length, and less is refused */
	Q_NO_WHOLE = 1 << 7,         /* PUT with more than that is too large */
	Q_SMALL_BODIES = 1 << 8,     /* more than SMALL_BODY is too large */
	Q_MOUNTS = 1 << 9,           /* lends blobs from other repositories */
	Q_MOUNT_DENIED = 1 << 10,    /* 403 for asking */
	Q_REFERRERS = 1 << 11,       /* lists them, says OCI-Subject */
	Q_PAGES = 1 << 12,           /* two tags a page */
	Q_PAGES_ELSEWHERE = 1 << 13, /* the next page is at another host */
	Q_PAGES_FOREVER = 1 << 14,   /* the next page is this one */
	Q_REDIRECTS = 1 << 15,       /* 307 to itself, for ever */
	Q_LIES = 1 << 16,            /* has stored something else than was sent, it says */
	Q_NO_DELETE = 1 << 17,
	Q_NO_TAG_DELETE = 1 << 18,
	Q_MANY_TAGS = 1 << 19, /* ?tag= */
	Q_TOKEN = 1 << 20,
	Q_ELSEWHERE = 1 << 21,    /* uploads go on at another name of this machine */
	Q_BUSY_ONCE = 1 << 22,    /* 429 with Retry-After */
	Q_SINGLE = 1 << 23,       /* a blob can come with the first POST */
	Q_WARNS = 1 << 24,        /* Warning: 299 */
	Q_WITHOUT_ROOM = 1 << 25, /* 413 for everything */
	Q_SLOW = 1 << 26,         /* a quarter of a second for each chunk */
	Q_STALL_ONCE = 1 << 27,   /* what follows the first two chunks is not answered */
};

struct session {
	pthread_mutex_t lock; /* one request after the other */
	bool open;
	char repo[64];
	struct strbuf data;
};

/* "blobs/sha256:..." or "manifests/tag or digest" of one repository. */
struct item {
	char repo[64], key[300], type[128];
	struct strbuf data;
};

struct server {
	pthread_mutex_t lock; /* for what follows */
	int logfd;
	const char *address;
	unsigned port;
	struct session sessions[SESSIONS_MAX];
	size_t n_sessions;
	struct item items[ITEMS_MAX];
	size_t n_items;
	unsigned happened; /* quirks that happen once */
};

struct exchange {
	struct server *server;
	int fd;
	char method[16], target[2048], path[2048], query[2048];
	char repo[64], rest[300];
	char type[128], range[64], auth[256];
	size_t length;
	bool expects, hang_up, logged;
	unsigned quirks;
	struct strbuf body;
};

unsigned quirks_of(const char *repo);
/* Once; who answers logs first, so that a client that has its answer finds the line. */
void log_request(struct exchange *x);
void answer(struct exchange *x, const char *status, const char *headers, const void *body,
	    size_t len);
void answer_text(struct exchange *x, const char *status, const char *headers, const char *text);
/* Read the body until it has `max` bytes, or all there are. */
void take_body(struct exchange *x, size_t max);

/* hostile_repository.c */
void serve_repository(struct exchange *x);

#endif
