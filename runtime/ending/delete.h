/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a container away. */
#ifndef RUNTIME_ENDING_DELETE_H
#define RUNTIME_ENDING_DELETE_H

#include "runtime/container/container.h"

/*
 * Delete a stopped container, or one that was never started; `force`: whatever state it is in, and
 * a container that is not there counts as deleted.  What a killed creator left half made is cleared
 * too.
 */
int container_delete(const struct store *s, const char *id, bool force, struct err *e);

/* Kill what is left, remove the control group, run poststop hooks, remove the state directory: the
 * record goes last, so that an interrupted deletion can be repeated.  The container is locked by
 * the caller. */
int container_destroy(struct container *c, struct err *e);

#endif
