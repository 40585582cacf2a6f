/* SPDX-License-Identifier: Apache-2.0 */
/* Create, start, and stay until the end: a whole life in one call. */
#ifndef RUNTIME_CREATION_RUN_H
#define RUNTIME_CREATION_RUN_H

#include "runtime/creation/creation.h"

/* Returns the exit status of the program, or 0 once it runs when detached.  Deleted at the end
 * unless `keep`; orphans are adopted when `reaper`. */
int container_run(const struct create_request *req, bool keep, bool reaper, struct err *e);

#endif
