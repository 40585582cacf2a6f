/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume. */
#ifndef RUNTIME_LIVE_FREEZE_H
#define RUNTIME_LIVE_FREEZE_H

#include "runtime/container/host.h"

/* Only a container that runs, or is created, can be paused; only a paused one resumed. */
int container_freeze(const struct host *h, const char *id, bool freeze, struct err *e);

#endif
