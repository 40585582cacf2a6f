/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names under which files keep credentials: "host", "host/namespace" (of auth.json),
 * "https://host/v1/" (of docker).  Pure.
 */
#ifndef IMAGETOOL_AUTH_AUTH_KEY_H
#define IMAGETOOL_AUTH_AUTH_KEY_H

#include "libutil/json.h"
#include "libutil/strv.h"

/* What docker and its helpers call Docker Hub. */
#define AUTH_HUB_KEY "https://index.docker.io/v1/"

/* The one name of a host of several: docker.io for all of Docker Hub's. */
const char *auth_key_host(const char *host);
/* Host of a key without scheme and path, owned. */
char *auth_key_hostname(const char *key);
/* What a helper is asked for. */
const char *auth_key_server(const char *host);

/* The member of `map` for a repository ("" for none): the longest "host/namespace" that leads to
 * it, else any spelling of the host.  NULL when there is none; *ret_key is the key. */
const struct json *auth_key_find(const struct json *map, const char *host, const char *repository,
				 const char **ret_key);

#endif
