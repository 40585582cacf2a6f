/* SPDX-License-Identifier: Apache-2.0 */
/* What was built, for other builds: a cache written where --cache-to says. */
#ifndef IMAGETOOL_RESULT_CACHE_EXPORT_H
#define IMAGETOOL_RESULT_CACHE_EXPORT_H

#include "imagetool/result/cache_config.h"
#include "imagetool/result/cache_spec.h"
#include "imagetool/result/result.h"

#define CACHE_NOTHING_BELOW SIZE_MAX

/* One step. */
struct cache_entry {
	const char *key;       /* 64 hex digits */
	const char *other_key; /* under which it is found too; NULL or the same: none */
	bool changed;          /* it has a layer: */
	struct result_layer layer;
	size_t below; /* the entry it stands on; CACHE_NOTHING_BELOW */
	int64_t created;
};
struct cache_entries {
	struct cache_entry *items;
	size_t n;
};

/* The document of it. */
void cache_config_of(const struct cache_entries *entries, struct arena *a,
		     struct cache_config *ret);

/* local and registry. */
int cache_export(struct store *s, const struct cache_spec *spec,
		 const struct cache_entries *entries, const struct registry_opts *registry,
		 struct err *e);

/* For result_image.inline_cache: the steps whose layers this image has, in base64; NULL when it
 * has none of them.  Owned by the arena. */
const char *cache_inline(const struct cache_entries *entries, const struct result_image *image,
			 struct arena *a);

#endif
