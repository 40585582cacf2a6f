/* SPDX-License-Identifier: Apache-2.0 */
/* --cache-to and --cache-from: where what was built is kept for others, in BuildKit's words. Pure.
 */
#ifndef IMAGETOOL_RESULT_CACHE_SPEC_H
#define IMAGETOOL_RESULT_CACHE_SPEC_H

#include "libutil/cleanup.h"
#include "libutil/err.h"

enum cache_kind {
	CACHE_INLINE,   /* in the image's own config */
	CACHE_LOCAL,    /* an OCI layout */
	CACHE_REGISTRY, /* an image, or a cache that was pushed */
};

struct cache_spec {
	enum cache_kind kind;
	char *place; /* owned; directory or full reference; NULL: inline */
	char *name;  /* owned; of the entry of a layout: a tag ("latest") or digest */
	bool max;    /* also what no image has */
	bool insecure;
	bool ignore_error;
	bool as_index; /* image-manifest=false: an index that names blobs, as old BuildKits have it
			*/
};

struct cache_specs {
	struct cache_spec *items; /* owned */
	size_t n;
};

int cache_specs_add_to(struct cache_specs *s, const char *text, struct err *e);
/* "type=...", or a reference alone. */
int cache_specs_add_from(struct cache_specs *s, const char *text, struct err *e);
void cache_specs_done(struct cache_specs *s);
AUTO_DEFINE_DONE(cache_specs, cache_specs_done)

#endif
