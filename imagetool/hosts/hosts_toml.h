/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's hosts.toml: where the images of one registry can be had. */
#ifndef IMAGETOOL_HOSTS_HOSTS_TOML_H
#define IMAGETOOL_HOSTS_HOSTS_TOML_H

#include "imagetool/hosts/endpoint.h"

/*
 * Add the document's endpoints for `registry` and a repository of it, in their order: the hosts
 * it lists, then its server.  *ret_server tells whether there is one; without it the registry
 * itself is meant.  Files it names are relative to `dir`.  Nothing is added on failure.
 */
int hosts_toml_read(const char *file, const char *dir, const char *text, size_t len,
		    const char *registry, const char *repository, struct endpoints *list,
		    bool *ret_server, struct err *e);

/*
 * The same from REGISTRY/hosts.toml below `base` (the port after "_" with "_" behind it, as
 * containerd spells it, or after a colon), else from _default/hosts.toml.  1: there was one; 0:
 * there is none, but certificates for `upstream` may have been found.
 */
int hosts_toml_find(const char *base, const char *registry, const char *repository,
		    struct endpoints *list, struct endpoint *upstream, bool *ret_server,
		    struct err *e);

#endif
