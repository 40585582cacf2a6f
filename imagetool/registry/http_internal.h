/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of http.h share. */
#ifndef IMAGETOOL_REGISTRY_HTTP_INTERNAL_H
#define IMAGETOOL_REGISTRY_HTTP_INTERNAL_H

#include "imagetool/registry/curl_api.h"
#include "imagetool/registry/http.h"

struct http {
	struct curl_api curl;
	struct http_opts opts;
	CURLM *multi;
};

/* http_request.c: all options but those for the answer. */
CURLcode http_set_request(struct http_transfer *t);

/* http_guard.c: what the environment says of proxies. */
CURLcode http_proxy(struct http_transfer *t);
/* libcurl would print the proxy's URL, which may hold a password. */
bool http_proxy_is_malformed(CURLcode code, const char *text);

/* http_guard.c: a connection to where the transfer must not go is not made. */
CURLcode http_guard(struct http_transfer *t);
/* After each header: false, with the transfer's error set, when it leads there. */
bool http_guard_redirect(struct http_transfer *t);

/* http_leave.c: after each header; a redirect to others takes nothing with it that is the
 * registry's. */
void http_leave_behind(struct http_transfer *t);
/* Whether a Location leads to the URL's own host, port and scheme. */
bool http_stays(const char *url, const char *location);

#endif
