/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry that misbehaves in one way per repository name.  hostile_registry.c
 * is the server and the honest image; hostile_acts.c says who misbehaves how,
 * hostile_tokens.c who wants credentials and what becomes of them.
 */
#ifndef TESTS_TOOLS_HOSTILE_REGISTRY_H
#define TESTS_TOOLS_HOSTILE_REGISTRY_H

#include <stdint.h>

#include "libutil/digest.h"
#include "libutil/strbuf.h"

#define LAYERS     3
#define LAYER_SIZE ((size_t)3 << 20)

/* The one image there is.  Layer 0 is the one that acts spoil. */
struct image {
	char config[1024];
	char config_digest[DIGEST_TEXT_SIZE];
	unsigned char *layer[LAYERS];
	char layer_digest[LAYERS][DIGEST_TEXT_SIZE];
};

struct request {
	int fd;
	unsigned port;   /* of this server */
	const char *log; /* its file */
	const struct image *image;
	unsigned *count; /* how often this act has been played; shared by all connections */
	bool post;
	char path[1024]; /* without the query */
	char query[1024];
	char body[4096]; /* of a POST */
	char name[64];   /* repository */
	char rest[300];  /* "manifests/tag", "blobs/sha256:…", "" for other paths */
	char host[256];
	char auth[256];     /* Authorization, "" without */
	int64_t range_from; /* -1 without Range */
};

/* Returns whether it answered; otherwise the honest answer follows. */
typedef bool act_fn(struct request *r);

struct act {
	const char *name;
	act_fn *every;    /* before anything else */
	act_fn *manifest; /* of the tag */
	act_fn *layer;    /* layer 0 */
};
const struct act *act_find(const char *name);
/* A number of its own, below ACTS_MAX; 0 for names nobody has. */
#define ACTS_MAX 128
size_t act_number(const char *name);
/* Paths outside /v2/. */
bool act_elsewhere(struct request *r);

/* hostile_tokens.c: repositories that want to know who one is, and /auth/, the token server. */
bool tokens_repository(struct request *r);
bool tokens_server(struct request *r);

/* A whole answer.  `headers` are lines with \r\n, Content-Length comes by itself. */
void reply(struct request *r, const char *status, const char *headers, const void *body,
	   size_t len);
void reply_text(struct request *r, const char *status, const char *headers, const char *text);
/* Status line and headers alone; what follows is up to the act. */
void reply_head(struct request *r, const char *status, const char *headers);
/* false when the client is gone. */
bool send_bytes(struct request *r, const void *data, size_t len);
/* Layer 0, whole or from where Range says. */
void reply_layer(struct request *r);
/* The manifest; layer 0 with another digest or size where not NULL or 0. */
void manifest_text(const struct image *image, const char *digest, int64_t size, struct strbuf *out);

#endif
