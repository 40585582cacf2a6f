/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs that an answer names: where an upload goes on, where a list does.  They are
 * not trusted: http and https only, without a user, never from https down to http.
 */
#ifndef IMAGETOOL_REGISTRY_HTTP_URL_H
#define IMAGETOOL_REGISTRY_HTTP_URL_H

#include "imagetool/registry/http.h"

/*
 * Make `text`, absolute or relative, a whole URL as seen from `base`; its query stays
 * as it is, a fragment goes.  http becomes https where `base` is https of the same host:
 * registries behind a proxy that does TLS for them often do not know.  *ret is owned.
 */
int http_resolve(const struct http *h, const char *base, const char *text, char **ret,
		 struct err *e);

#endif
