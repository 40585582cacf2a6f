/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One repository of one registry, read over the distribution protocol.
 *
 * Nothing a registry says is trusted: documents are bounded and checked against
 * digests, sizes and media types before anybody sees them.  Access is anonymous; a
 * bearer token is fetched when the registry asks for one, as public ones do.
 */
#ifndef IMAGETOOL_REGISTRY_REGISTRY_H
#define IMAGETOOL_REGISTRY_REGISTRY_H

#include "imagetool/store/store.h"

#define REGISTRY_PARALLEL 4

enum registry_tls {
	REGISTRY_TLS_AUTO, /* verified https; loopback hosts as with OFF, which is what docker does
			    */
	REGISTRY_TLS_VERIFIED, /* verified https for every host */
	REGISTRY_TLS_OFF,      /* https without verification, else plain http */
};

struct registry_opts {
	enum registry_tls tls;
	const char *cert_dir; /* of http_opts */
	unsigned retries;     /* failures in a row forgiven for each document and blob */
	unsigned timeout_s;   /* to connect, and of silence in a transfer */
	int wakefd;           /* signalfd that ends every wait; -1: none */
};

struct registry;

/* Decides how to speak to the host; makes no connection where no choice has to be tried. */
int registry_open(const struct image_reference *ref, const struct registry_opts *opts,
		  struct registry **ret, struct err *e);
void registry_free(struct registry *r);
AUTO_DEFINE(registry, registry_free)

/*
 * Say what the session is going to do, before its first request: the token that the registry wants
 * is asked for all of it at once.  `actions` is "pull", "pull,push" or "delete"; reading the own
 * repository is always among it.  More than once adds: a mount reads another repository too.
 */
void registry_want(struct registry *r, const char *repository, const char *actions);

/* A manifest or index as it came. */
struct registry_document {
	char *text; /* owned */
	size_t len;
	char *media_type;              /* owned */
	char digest[DIGEST_TEXT_SIZE]; /* of the bytes that came */
	char *warning;                 /* owned; what the registry wants people to read, or NULL */
};
void registry_document_done(struct registry_document *d);
AUTO_DEFINE_DONE(registry_document, registry_document_done)

/*
 * Fetch manifests/REFERENCE, a tag or a digest; a digest is verified, and so is the registry's own
 * Docker-Content-Digest.  `expected_type` (or NULL) is what the referring descriptor says.
 * Documents that claim to be two things, web pages and Docker's schema 1 are refused.  `ret` must
 * be zeroed.
 */
int registry_get_manifest(struct registry *r, const char *reference, const char *expected_type,
			  struct registry_document *ret, struct err *e);

enum download_state { DOWNLOAD_WAITING, DOWNLOAD_RUNNING, DOWNLOAD_DONE };

/* One blob to bring into the store.  digest and size are set by the caller, the rest zeroed. */
struct download {
	const char *digest; /* legal */
	int64_t size;
	enum download_state state;
	int64_t arrived;        /* bytes so far, for progress */
	unsigned interruptions; /* transfers that broke and were resumed */
};

/* Called often while downloads are under way. */
typedef void download_tick_fn(void *ctx);

/* Bring all into the store, REGISTRY_PARALLEL at a time.  Stops at the first that cannot be had;
 * what is complete by then stays in the store. */
int registry_download(struct registry *r, struct store *store, struct download *items, size_t n,
		      download_tick_fn *tick, void *ctx, struct err *e);

#endif
