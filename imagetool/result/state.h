/* SPDX-License-Identifier: Apache-2.0 */
/* What the solver says, in the words of result.h and cache_export.h. */
#ifndef IMAGETOOL_RESULT_STATE_H
#define IMAGETOOL_RESULT_STATE_H

#include "imagetool/result/cache_export.h"
#include "imagetool/solve/solve.h"

/* `target` is number `i` of the graph; texts are the solver's and the graph's, the rest is of `a`.
 */
void result_image_of(const struct solve *s, const struct graph *g, size_t i, struct arena *a,
		     struct result_image *ret);

/* Steps for caches: those whose layers are in images, with `max` all; these get packed now. */
int cache_entries_of(struct solve *s, const struct graph *g, bool max, struct arena *a,
		     struct cache_entries *ret, struct err *e);

#endif
