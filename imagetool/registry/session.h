/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of registry/ share about one registry. */
#ifndef IMAGETOOL_REGISTRY_SESSION_H
#define IMAGETOOL_REGISTRY_SESSION_H

#include "imagetool/auth/credential.h"
#include "imagetool/hosts/endpoint.h"
#include "imagetool/registry/http.h"
#include "imagetool/registry/registry.h"
#include "imagetool/registry/retry.h"
#include "imagetool/registry/scope.h"

struct registry {
	struct registry_opts opts;
	struct http *http;
	/* Of endpoints before: another thread may still wake them. */
	struct http *retired[ENDPOINTS_MAX];
	size_t n_retired;
	char *host;       /* as the reference names it, for messages */
	char *named;      /* the repository as the reference names it */
	char *base;       /* "https://registry-1.docker.io" */
	char *root;       /* "https://registry-1.docker.io/v2" */
	char *repository; /* "library/nginx" */
	/* Value of the Authorization header, NULL before the registry asked for one. */
	char *authorization;
	struct scopes wanted; /* what the token is asked for */
	/* Where it can be had, and which of these is spoken to: base, root and repository are its.
	 */
	struct endpoints endpoints;
	size_t current;
	bool loopback; /* the current one is this machine */
	/* Who we are for the current one; looked up when it asks. */
	struct credential credential;
	bool credential_known;
	/* How the token was got, for the next one.  bearer: `authorization` is a token, which ends
	 * at `expires` of http_now_ms(), 0: nobody knows. */
	char *realm, *service;
	bool bearer;
	int64_t expires;
	struct strv warnings; /* that were told already */
	bool reached;         /* it answered before: failures to connect are passing */
};

/* A request with a small answer, over http_start() with retries and authorisation. */
struct registry_request {
	const char *method; /* NULL: GET */
	const char *url;
	const char *accept;                 /* header line, or NULL */
	const struct strv *headers;         /* more header lines, or NULL */
	const struct http_payload *payload; /* or NULL */
	size_t max;                         /* bytes of the body */
	bool anonymous;                     /* send no token, answer no challenge */
	const char *authorization;          /* of an anonymous request: this is sent */
	bool stay, strict;                  /* of http_transfer */
	unsigned total_s;                   /* of http_transfer */
};

/* Succeeds for every status; `ret_body` (zeroed) has the body of a 200, `t` the rest of the answer.
 */
int session_request(struct registry *r, const struct registry_request *request,
		    struct http_transfer *t, struct strbuf *ret_body, struct err *e);

/* The URL of something below the repository: session_url(r, "manifests/%s", tag). */
char *session_url(const struct registry *r, const char *fmt, ...) MALLOC_LIKE PRINTF(2, 3);

/* The same host, port and scheme as the registry's own. */
bool session_owns_url(const struct registry *r, const char *url);

/* 401 of the registry itself.  One of a host that it leads to is a refusal like others: who keeps
 * its blobs must not name the server that gets its users' passwords. */
bool session_is_asked(const struct registry *r, const struct http_transfer *t);

/* What may be sent along to an URL that the registry named (Location): r->authorization, or NULL
 * when it is another host, port or scheme. */
const char *session_secret_for(const struct registry *r, const char *url);

/* open.c: the same with the path ready. */
char *session_place(const struct registry *r, const char *rest) MALLOC_LIKE;

/* open.c: after failure `n` go on to the next endpoint.  1: it is another one now (`e` is cleared):
 * ask again; else the failure there is, and its code.  Transfers of the one before are moved on by
 * nobody any more: they are to be ended. */
int session_next(struct registry *r, int n, struct err *e);

/* open.c: what failed is TLS; says what to do. */
int session_tls_error(const struct registry *r, const struct http_transfer *t, struct err *e);

/* Takes `value`, wipes the one before. */
void session_set_authorization(struct registry *r, char *value);

/* Is it what a registry can be at fault for, so that another endpoint may do better? */
bool session_is_remote(int error);

/* How many failures in a row are forgiven: all the user allows, or one where another endpoint can
 * be asked instead. */
unsigned session_retries(const struct registry *r);

/* May a transfer that ended so be tried again? */
bool session_may_retry(const struct registry *r, const struct http_transfer *t);

/* The error a status stands for, with what the registry says about it.  Never returns 0. */
int session_status_error(const struct registry *r, const struct http_answer *a, struct err *e);

/* Everything the registry warns of, one line each, fit for a terminal; owned, or NULL. */
char *session_warnings(struct registry *r, const struct http_answer *a);

/* Header line with every kind of manifest and index. */
extern const char session_accept_manifests[];

/* True for a Content-Type of HTML. */
bool session_is_web_page(const struct http_answer *a);
int session_web_page_error(const struct registry *r, struct err *e);

/* authorize.c: a token that is about to end is fetched anew. */
int session_renew(struct registry *r, struct err *e);
/* authorize.c */
void session_forget_token(struct registry *r);

/* authorize.c: answer a 401 by fetching a token, or by Basic, into r->authorization. -IMAGE_EDENIED
 * when there is none to be had. */
int session_authorize(struct registry *r, const struct http_answer *refusal, struct err *e);

#endif
