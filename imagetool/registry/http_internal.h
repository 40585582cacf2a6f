/* SPDX-License-Identifier: Apache-2.0 */
/* What http.c and http_url.c share. */
#ifndef IMAGETOOL_REGISTRY_HTTP_INTERNAL_H
#define IMAGETOOL_REGISTRY_HTTP_INTERNAL_H

#include "imagetool/registry/curl_api.h"
#include "imagetool/registry/http.h"

struct http {
	struct curl_api curl;
	struct http_opts opts;
	CURLM *multi;
};

#endif
