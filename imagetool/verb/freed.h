/* SPDX-License-Identifier: Apache-2.0 */
/* What rm and prune say for programs. */
#ifndef IMAGETOOL_VERB_FREED_H
#define IMAGETOOL_VERB_FREED_H

#include "imagetool/store/store.h"
#include "libutil/strv.h"

/* `images`: names, digests of those without. */
int freed_json(const struct strv *images, const struct store_gc_result *gc, struct err *e);

#endif
