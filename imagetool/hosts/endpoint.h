/* SPDX-License-Identifier: Apache-2.0 */
/* One place where a repository can be had: the registry itself, or a mirror of it. */
#ifndef IMAGETOOL_HOSTS_ENDPOINT_H
#define IMAGETOOL_HOSTS_ENDPOINT_H

#include "libutil/err.h"
#include "libutil/strv.h"

#define ENDPOINTS_MAX 32

enum endpoint_scheme {
	ENDPOINT_HTTPS,
	ENDPOINT_HTTP,
	ENDPOINT_EITHER, /* insecure: https with any certificate, else http */
};

enum endpoint_can {
	ENDPOINT_PULL = 1 << 0,
	ENDPOINT_RESOLVE = 1 << 1, /* say what a tag stands for */
	ENDPOINT_PUSH = 1 << 2,
};
#define ENDPOINT_CAN_ALL ((unsigned)(ENDPOINT_PULL | ENDPOINT_RESOLVE | ENDPOINT_PUSH))

/* Strings are owned. */
struct endpoint {
	char *authority; /* "mirror.example:5000"; credentials are looked up by it */
	char *path;      /* "/v2", or what stands in its place */
	char *repository;
	enum endpoint_scheme scheme;
	bool verify;  /* certificates */
	bool mirror;  /* not the registry that the name means: gets none of its credentials */
	unsigned can; /* enum endpoint_can */
	char *ns;     /* the registry that a proxy is asked for (?ns=), or NULL */
	char *ca;     /* certificates to trust beside the system's, PEM; or NULL */
	char *client_cert, *client_key; /* files, or NULL; the key may be in the certificate's */
	struct strv headers;            /* "Name: value" to send along */
};

struct endpoints {
	struct endpoint *v;
	size_t n;
};

void endpoint_done(struct endpoint *p);
void endpoints_done(struct endpoints *list);
AUTO_DEFINE_DONE(endpoints, endpoints_done)

/* A new one at the end, https and verified, with path "/v2" and able to do everything; NULL when
 * there are ENDPOINTS_MAX. */
struct endpoint *endpoints_add(struct endpoints *list);

/* "host", "host:port", "[v6]:port": characters that can be nothing else in an URL. */
bool endpoint_authority_ok(const char *authority);
/* A repository's path: words of letters, digits and . _ - between slashes, none of them "." or
 * "..". */
bool endpoint_repository_ok(const char *repository);

/* "host:port/name/space" -> authority and repository of `p`. */
int endpoint_place(struct endpoint *p, const char *location, struct err *e);

#endif
