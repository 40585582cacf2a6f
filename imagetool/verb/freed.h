/* SPDX-License-Identifier: Apache-2.0 */
/* What rm and prune say for programs. */
#ifndef IMAGETOOL_VERB_FREED_H
#define IMAGETOOL_VERB_FREED_H

#include "imagetool/store/build_prune.h"
#include "libutil/strv.h"

/* `images`: names, digests of those without; `build` NULL: nothing was asked about it. */
int freed_json(const struct strv *images, const struct build_prune_result *build,
	       const struct store_gc_result *gc, struct err *e);

#endif
