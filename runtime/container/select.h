/* SPDX-License-Identifier: Apache-2.0 */
/* Several containers at once. */
#ifndef RUNTIME_CONTAINER_SELECT_H
#define RUNTIME_CONTAINER_SELECT_H

#include "libutil/strv.h"
#include "runtime/container/store.h"

/* The ids below a state root, sorted. */
int select_all(const struct store *s, struct strv *ret, struct err *e);

/* Call `fn` for each id that an extended regular expression matches; the first failure is returned
 * after all were tried.  No match is success. */
typedef int select_fn(const struct store *s, const char *id, const void *ctx, struct err *e);
int select_matching(const struct store *s, const char *pattern, select_fn *fn, const void *ctx,
		    struct err *e);

#endif
