/* SPDX-License-Identifier: Apache-2.0 */
/* The little of URLs that has to be decided before libcurl sees them. */
#ifndef IMAGETOOL_REGISTRY_URL_H
#define IMAGETOOL_REGISTRY_URL_H

#include "libutil/err.h"
#include "libutil/strbuf.h"

#define URL_HOST_SIZE 256
#define URL_MAX       8192

enum url_scheme { URL_HTTP, URL_HTTPS };

struct url {
	enum url_scheme scheme;
	char host[URL_HOST_SIZE]; /* lower case, without port and brackets */
};

/* Absolute http or https URLs of printable ASCII, without user information; else -EINVAL. */
int url_parse(const char *text, struct url *ret, struct err *e);

/* The host part of "host[:port]" or "[v6][:port]". */
int url_split_host(const char *hostport, char host[URL_HOST_SIZE], struct err *e);

/* localhost, *.localhost, 127.0.0.0/8, ::1 */
bool host_is_loopback(const char *host);

/* Append "?key=value" or "&key=value", percent-encoded. */
void url_add_query(struct strbuf *url, const char *key, const char *value);

#endif
