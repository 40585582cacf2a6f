/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cache that others wrote, for the solver: --cache-from.
 *
 * Who gives a reference trusts whoever can write there: a record says that its layer is what a step
 * makes, and nothing can prove that.  What can be proved is: a layer's bytes are those of its
 * digest and of its diffID, before anything uses them; nothing but layers is ever taken over.
 */
#ifndef IMAGETOOL_RESULT_CACHE_IMPORT_H
#define IMAGETOOL_RESULT_CACHE_IMPORT_H

#include "imagetool/platform.h"
#include "imagetool/registry/registry.h"
#include "imagetool/result/cache_spec.h"
#include "imagetool/store/build_cache.h"

struct cache_import;

/* -IMAGE_ENOTFOUND when there is none, which a build can do without.  An image without an inline
 * cache is one that knows nothing. */
int cache_import_open(struct store *s, const struct cache_spec *spec,
		      const struct platform *platform, const struct registry_opts *registry,
		      struct cache_import **ret, struct err *e);
void cache_import_free(struct cache_import *i);
AUTO_DEFINE(cache_import, cache_import_free)

/* solve_import's; `ctx` is the import.  Any thread. */
int cache_import_find(void *ctx, const char *key, struct build_record *ret, struct err *e);
int cache_import_fetch(void *ctx, const struct build_layer *layer, struct err *e);

#endif
