/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a name to the places where it can be had, in the order they are to be tried:
 *
 *  1. registries.conf says what the name really is (prefix, location), whether it is
 *     blocked, and its mirrors;
 *  2. hosts.toml of the registry that it really is adds its hosts behind them;
 *  3. the registry itself is last: hosts.toml's server, else what step 1 made of it.
 *
 * Certificates come from hosts.toml where it describes the endpoint, else from certs.d; for
 * the registry itself --cert-dir comes before both.
 */
#ifndef IMAGETOOL_HOSTS_HOSTS_H
#define IMAGETOOL_HOSTS_HOSTS_H

#include "imagetool/hosts/endpoint.h"

struct hosts_opts {
	const char *registries_conf; /* file, or NULL: the usual ones */
	const char *hosts_dir;       /* of hosts.toml; NULL: the user's and the system's */
	const char *cert_dir;        /* of the registry itself, or NULL */
	bool by_digest;              /* the reference is a digest */
	unsigned need;               /* enum endpoint_can: endpoints that cannot are left out */
};

/* `ret` is zeroed; it has at least one on success.  -IMAGE_EDENIED when the registry is blocked. */
int hosts_find(const struct hosts_opts *opts, const char *registry, const char *repository,
	       struct endpoints *ret, struct err *e);

#endif
