/* SPDX-License-Identifier: Apache-2.0 */
/* A process and all that came of it, whatever groups and namespaces they are in. */
#ifndef RUNTIME_CHECKPOINT_DESCENDANTS_H
#define RUNTIME_CHECKPOINT_DESCENDANTS_H

#include <sys/types.h>

#include "libutil/err.h"

/* Those that live, `first` (> 0) at the front; *ret is owned.  Complete when none of them runs. */
int descendants_of(pid_t first, pid_t **ret, size_t *ret_n, struct err *e);

#endif
