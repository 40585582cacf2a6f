/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when it is needed: linking it costs every start of the program
 * some 12 ms of dynamic loading, and `list` needs no network.
 */
#ifndef IMAGETOOL_REGISTRY_CURL_API_H
#define IMAGETOOL_REGISTRY_CURL_API_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "libutil/err.h"

#define CURL_FUNCTIONS(X)                                                                          \
	X(curl_global_init)                                                                        \
	X(curl_easy_init)                                                                          \
	X(curl_easy_setopt)                                                                        \
	X(curl_easy_getinfo)                                                                       \
	X(curl_easy_pause)                                                                         \
	X(curl_easy_cleanup)                                                                       \
	X(curl_easy_strerror)                                                                      \
	X(curl_multi_init)                                                                         \
	X(curl_multi_add_handle)                                                                   \
	X(curl_multi_remove_handle)                                                                \
	X(curl_multi_perform)                                                                      \
	X(curl_multi_poll)                                                                         \
	X(curl_multi_wakeup)                                                                       \
	X(curl_multi_info_read)                                                                    \
	X(curl_multi_strerror)                                                                     \
	X(curl_multi_cleanup)                                                                      \
	X(curl_slist_append)                                                                       \
	X(curl_slist_free_all)                                                                     \
	X(curl_url)                                                                                \
	X(curl_url_set)                                                                            \
	X(curl_url_get)                                                                            \
	X(curl_url_cleanup)                                                                        \
	X(curl_free)

struct curl_api {
#define X(name) __typeof__(&(name)) name;
	CURL_FUNCTIONS(X)
#undef X
};

/* Load and initialise.  The library stays until the process ends. */
int curl_api_load(struct curl_api *ret, struct err *e);

#endif
