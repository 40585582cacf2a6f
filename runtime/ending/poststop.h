/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last hooks of a container.  A `delete` that is killed among them is followed by another, so
 * how many are done is kept in the state directory: each hook is completed once, and only the one
 * that was interrupted is run again.
 */
#ifndef RUNTIME_ENDING_POSTSTOP_H
#define RUNTIME_ENDING_POSTSTOP_H

#include "runtime/hook/hook.h"

/* `dirfd` is the container's state directory, -1 when there is none.  Failures are warnings. */
void poststop_run(int dirfd, const struct spec_hooks *hooks, struct hook_call *call);

#endif
