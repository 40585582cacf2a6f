/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container made from its bundle, as by `create`, whose processes come out of an
 * image in place of being started.  The bundle decides, the image only says what
 * the processes were doing; see restore_check.h.
 */
#ifndef RUNTIME_CHECKPOINT_RESTORE_H
#define RUNTIME_CHECKPOINT_RESTORE_H

#include "runtime/creation/creation.h"
#include "runtime/criu/options.h"

/* `req` as for container_run().  Returns the exit status of the container, 0 when detached. */
int container_restore(struct create_request *req, const struct criu_flags *flags, bool reaper,
		      struct err *e);

#endif
