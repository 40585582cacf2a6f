/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registries.conf of the containers tools, version 2.  What it says of short names
 * (unqualified-search-registries, aliases) is checked for its form and not followed:
 * a name without a registry is Docker Hub's on every machine.
 */
#ifndef IMAGETOOL_HOSTS_REGISTRIES_CONF_H
#define IMAGETOOL_HOSTS_REGISTRIES_CONF_H

#include "libutil/alloc.h"
#include "libutil/err.h"

#define REGISTRIES_CONF_MAX 1024 /* [[registry]] tables of all files */

enum mirror_use { MIRROR_ALL, MIRROR_DIGEST_ONLY, MIRROR_TAG_ONLY };

struct conf_mirror {
	const char *location;
	bool insecure;
	enum mirror_use use;
};

struct conf_registry {
	const char *prefix;   /* "host/ns", or "*.domain" */
	const char *location; /* "": nothing is rewritten */
	bool insecure, blocked;
	struct conf_mirror *mirrors;
	size_t n_mirrors;
	const char *file; /* that says so */
};

struct registries_conf {
	struct arena arena;
	struct conf_registry *registries;
	size_t n;
};

void registries_conf_done(struct registries_conf *c);
AUTO_DEFINE_DONE(registries_conf, registries_conf_done)

/* One document more; a prefix that is there already is replaced. */
int registries_conf_add(struct registries_conf *c, const char *file, const char *text, size_t len,
			struct err *e);

/*
 * `file` and FILE.d, its *.conf in the order of their names; NULL: $CONTAINERS_REGISTRIES_CONF,
 * else the user's file with its .d, else the system's with its .d and then the user's .d.  No file
 * is no error, but for one that was named.
 */
int registries_conf_load(struct registries_conf *c, const char *file, struct err *e);

/* The registry whose prefix is the longest that leads to "host/repository", or NULL. */
const struct conf_registry *registries_conf_find(const struct registries_conf *c, const char *name);

/* `name` with the part that the prefix means replaced by `location`; owned. */
char *registries_conf_rewrite(const struct conf_registry *reg, const char *location,
			      const char *name);

#endif
