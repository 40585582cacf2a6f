/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are a container's. */
#ifndef RUNTIME_LIVE_MEMBERS_H
#define RUNTIME_LIVE_MEMBERS_H

#include "runtime/container/container.h"

/* Ascending; *ret is owned.  Those of its control group; where there is none, those of its pid
 * namespace. */
int container_pids(const struct container *c, pid_t **ret, size_t *ret_n, struct err *e);

#endif
