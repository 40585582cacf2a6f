/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP over libcurl, several requests at once in one thread.
 *
 * Redirects are followed, to http and https only, never from https to http, with the
 * same method and the same body; the authorization is not sent to another host, port
 * or scheme (libcurl keeps it to the first one).  Answers are bounded: headers here,
 * bodies by whoever takes them.
 */
#ifndef IMAGETOOL_REGISTRY_HTTP_H
#define IMAGETOOL_REGISTRY_HTTP_H

#include <stdint.h>

#include "libutil/err.h"
#include "libutil/strbuf.h"
#include "libutil/strv.h"

#define HTTP_HEADER_MAX     ((size_t)256 << 10) /* bytes of all headers of one transfer */
#define HTTP_VALUE_MAX      8192                /* bytes of one header line that are kept */
#define HTTP_ERROR_BODY_MAX 4096                /* bytes of an error document that are kept */

struct http_opts {
	bool verify_tls;
	bool no_proxy;      /* the host is this machine */
	unsigned timeout_s; /* to connect, and of silence */
	const char *ca;     /* certificates to trust beside the system's, PEM, or NULL */
	const char *client_cert, *client_key; /* files, or NULL; kept by the caller, as `ca` is */
	const struct strv *headers;           /* lines for every request of ours, or NULL */
	/* The registry is another machine: redirects, and URLs that it names, must not lead to this
	 * one or to addresses of the link (cloud metadata). */
	bool guard;
	int wakefd; /* a signalfd that makes http_poll() return -EINTR; -1: none; not owned */
};

struct http; /* all transfers of one registry */

struct http_answer {
	int status; /* 0: none */
	/* Header values, or NULL. */
	char *content_type, *digest, *content_range, *location;
	char *range;     /* of an upload: "0-1023" */
	char *chunk_min; /* OCI-Chunk-Min-Length */
	char *subject;   /* OCI-Subject */
	char *etag, *last_modified;
	struct strv challenges;   /* WWW-Authenticate */
	struct strv warnings;     /* Warning */
	struct strv links;        /* Link */
	struct strv tags;         /* OCI-Tag */
	char *url;                /* that answered, after redirects; NULL before the end */
	int64_t length;           /* Content-Length, -1 when not said */
	int64_t retry_after;      /* seconds, 0 when not said */
	struct strbuf error_body; /* of statuses other than 200 and 206 */
};

/*
 * What a request carries.  Either bytes in memory, or `read` from where `seek` put it:
 * a redirect and a second try begin again.  `read` gives at least one byte while there
 * are any of the `len`; negative ends the transfer.
 */
struct http_payload {
	const void *data; /* not owned; NULL: by the functions */
	int64_t len;
	ssize_t (*read)(void *ctx, void *buf, size_t len, struct err *e);
	int (*seek)(void *ctx, int64_t offset, struct err *e); /* offset from the payload's start */
	void *ctx;
};

struct http_transfer;
/* Part of the body of a 200 or 206; t->answer has its headers.  A negative value ends the transfer;
 * HTTP_BODY_LATER stops it, and the same bytes come again after http_resume(). */
#define HTTP_BODY_LATER 1000
typedef int http_body_fn(struct http_transfer *t, const void *data, size_t len, struct err *e);

struct http_transfer {
	/* The request; set before http_start(), kept by the caller until done. */
	const char *url;
	const char *method;                 /* NULL: GET */
	const char *accept;                 /* header line, or NULL */
	const struct strv *headers;         /* more header lines, or NULL */
	const struct http_payload *payload; /* or NULL */
	const char *authorization;          /* value of the header, or NULL: a secret */
	int64_t from, until;                /* bytes wanted, both included; from 0: all, but */
	bool part;                          /* from 0 is no more than `until` says either */
	bool stay;                          /* follow no redirect: the payload is a secret */
	bool foreign;                       /* the URL was named by the registry: guarded at once */
	bool strict;                        /* verify certificates whatever the options say */
	unsigned total_s;                   /* the whole may take that long; 0: any time */
	http_body_fn *body;                 /* NULL: nobody wants it */
	void *ctx;
	/* The answer. */
	bool done;
	int result;      /* 0: an answer with any status came whole; else a negative errno */
	struct err err;  /* why, without the URL */
	bool passing;    /* the failure may go away by itself */
	bool no_contact; /* host not found or not reached */
	bool tls_failed; /* what answers does not speak TLS, or its certificate is not accepted */
	struct http_answer answer;
	/* Internal. */
	struct http *http;
	void *easy;
	void *header_list;
	size_t header_bytes;
	int64_t sent;     /* bytes of the payload */
	char origin[256]; /* the first host */
	char curl_error[256];
};

int http_new(const struct http_opts *opts, struct http **ret, struct err *e);
/* No transfer may be under way. */
void http_free(struct http *h);
AUTO_DEFINE(http, http_free)

int http_start(struct http *h, struct http_transfer *t, struct err *e);
/* Move all transfers on, waiting at most timeout_ms for something to happen; sets `done`. */
int http_poll(struct http *h, int timeout_ms, struct err *e);
/* From any thread: a http_poll() that waits returns now, or the next one does. */
void http_wake(struct http *h);
/* Go on with one that HTTP_BODY_LATER stopped. */
void http_resume(struct http_transfer *t);
/* Until this one is done; other transfers go on meanwhile. */
int http_wait(struct http *h, struct http_transfer *t, struct err *e);
/* Let time pass; other transfers go on meanwhile. */
int http_sleep(struct http *h, int64_t ms, struct err *e);
/* Ends it when still under way, and frees the answer. */
void http_transfer_done(struct http_transfer *t);
AUTO_DEFINE_DONE(http_transfer, http_transfer_done)

/* Milliseconds of a clock that only goes forward. */
int64_t http_now_ms(void);

#endif
