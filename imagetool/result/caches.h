/* SPDX-License-Identifier: Apache-2.0 */
/* The caches of one build: what --cache-from gives to the solver, what --cache-to gets of it. */
#ifndef IMAGETOOL_RESULT_CACHES_H
#define IMAGETOOL_RESULT_CACHES_H

#include "imagetool/result/cache_import.h"
#include "imagetool/result/state.h"
#include "libutil/strv.h"

struct result_caches {
	struct cache_specs from, to;
	struct solve_import *imports; /* owned; for solve_opts */
	size_t n_imports;
};

/* Before anything else; `ret` must be zeroed. */
int result_caches_parse(const struct strv *from, const struct strv *to, struct result_caches *ret,
			struct err *e);
/* A cache that can't be had is a warning, told to `warn`: the build does without it.  `platform` is
 * whose image is taken of several; NULL: this machine's. */
void result_caches_open(struct result_caches *c, struct store *s, const struct platform *platform,
			const struct registry_opts *registry,
			void (*warn)(void *ctx, const struct err *why), void *ctx);
void result_caches_done(struct result_caches *c);
AUTO_DEFINE_DONE(result_caches, result_caches_done)

/* Is one of them inside the image? */
bool result_caches_are_inline(const struct result_caches *c);
/* Of image `i` of the graph: its inline_cache, where that is wanted. */
int result_caches_set_inline(const struct result_caches *c, struct solve *s, const struct graph *g,
			     struct arena *a, struct result_image *image, struct err *e);
/* The others, after the solver has done. */
int result_caches_export(const struct result_caches *c, struct store *store, struct solve *s,
			 const struct graph *g, const struct registry_opts *registry,
			 void (*warn)(void *ctx, const struct err *why), void *ctx, struct err *e);

#endif
