/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One repository of one registry, read over the distribution protocol.
 *
 * Nothing a registry says is trusted: documents are bounded and checked against
 * digests, sizes and media types before anybody sees them.  A registry that asks who
 * we are is told by a token, or by name and password over Basic; auth/auth.h says where
 * these are kept, hosts/hosts.h which mirrors are asked first.
 */
#ifndef IMAGETOOL_REGISTRY_REGISTRY_H
#define IMAGETOOL_REGISTRY_REGISTRY_H

#include "imagetool/auth/credential.h"
#include "imagetool/store/store.h"

#define REGISTRY_PARALLEL 4

enum registry_tls {
	REGISTRY_TLS_AUTO, /* verified https; loopback hosts as with OFF, which is what docker does
			    */
	REGISTRY_TLS_VERIFIED, /* verified https for every host */
	REGISTRY_TLS_OFF,      /* https without verification, else plain http */
};

struct registry_prepare;

struct registry_opts {
	enum registry_tls tls;
	const char *cert_dir; /* of http_opts */
	unsigned retries;     /* failures in a row forgiven for each document and blob */
	unsigned timeout_s;   /* to connect, and of silence in a transfer */
	int wakefd;           /* signalfd that ends every wait; -1: none */
	/* The rest may be NULL: then what the user and the system have is taken.  All of it is the
	 * caller's and outlives the session. */
	const char *authfile;
	const char *registries_conf;    /* file */
	const char *hosts_dir;          /* of hosts.toml */
	const struct credential *given; /* for the registry itself, not for its mirrors */
	/* Its thread has ended before the session begins with libcurl. */
	struct registry_prepare *prepare;
	bool push; /* endpoints that take images, not mirrors that only give them */
};

struct registry;

/* Decides how to speak to the host; makes no connection where no choice has to be tried. */
int registry_open(const struct image_reference *ref, const struct registry_opts *opts,
		  struct registry **ret, struct err *e);
void registry_free(struct registry *r);
AUTO_DEFINE(registry, registry_free)

/* Speak to the registry itself with the credentials of `opts`, about nothing in particular.
 * *ret_asked: it wanted to know who we are.  -IMAGE_EDENIED when they are refused. */
int registry_check(const struct image_reference *ref, const struct registry_opts *opts,
		   bool *ret_asked, struct err *e);

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

enum download_begin {
	DOWNLOAD_GO,    /* from byte *ret_size on */
	DOWNLOAD_THERE, /* it is there already */
	DOWNLOAD_LATER, /* another brings it: ask again at the next tick */
};

/* Where a blob goes.  All are called in the thread of registry_download(). */
struct download_sink {
	/* Before the first byte; returns an enum download_begin. */
	int (*begin)(void *ctx, int64_t *ret_size, struct err *e);
	int (*write)(void *ctx, const void *data, size_t len, struct err *e);
	/* All its bytes were written, or it was there. */
	int (*end)(void *ctx, struct err *e);
};

/* Parts of a blob that are on this machine and need not travel. */
struct download_known {
	/* From byte `at` on so many bytes are known (> 0), or so many have to come (< 0). */
	int64_t (*span)(const void *ctx, int64_t at);
	/* Of what is known: at most `len` bytes; returns how many. */
	int (*read)(const void *ctx, int64_t at, void *buf, size_t len, struct err *e);
	const void *ctx;
};

/* One blob to fetch.  The first five are set by the caller, the rest zeroed. */
struct download {
	const char *digest; /* legal */
	int64_t size;
	const struct download_sink *sink;
	void *ctx;
	const struct download_known *known; /* or NULL */
	int64_t known_bytes;                /* that were taken from there */
	enum download_state state;
	int64_t arrived;        /* bytes so far, for progress */
	unsigned interruptions; /* transfers that broke and were resumed */
};

/* Called often while something is under way. */
typedef void download_tick_fn(void *ctx);
/* Likewise.  Negative ends the downloads; 1 goes on even when all are done, until it returns 0. */
typedef int download_more_fn(void *ctx, struct err *e);

/* Fetch all, REGISTRY_PARALLEL at a time, in their order.  Stops at the first that cannot be had.
 */
int registry_download(struct registry *r, struct download *items, size_t n, download_more_fn *tick,
		      void *ctx, struct err *e);
/*
 * Bytes `from` to `until`, both included, of a blob: of a registry that gives parts.  -ENOTSUP when
 * it gives something else; nothing is tried twice.  `ret` has room for them.  Not verified.
 */
int registry_get_range(struct registry *r, const char *digest, int64_t from, int64_t until,
		       struct strbuf *ret, struct err *e);

/* From any thread: the next tick is due now. */
void registry_wake(struct registry *r);

#endif
