/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a container's processes to files. */
#ifndef RUNTIME_CHECKPOINT_CHECKPOINT_H
#define RUNTIME_CHECKPOINT_CHECKPOINT_H

#include "runtime/container/host.h"
#include "runtime/criu/options.h"

/* The container is deleted afterwards unless it is to go on running; when the dump fails it runs on
 * as if nothing had been asked, and what was written stays for whoever looks for the reason. */
int container_checkpoint(const struct host *h, const char *id, const struct criu_flags *flags,
			 struct err *e);

#endif
