/* SPDX-License-Identifier: Apache-2.0 */
/* Signals to a container. */
#ifndef RUNTIME_ENDING_KILL_H
#define RUNTIME_ENDING_KILL_H

#include "runtime/container/container.h"

/* To the first process.  SIGKILL without a pid namespace of its own goes to every process, since
 * the others would live on.  A stopped container is -ESRCH. */
int container_kill(const struct container *c, int sig, struct err *e);
/* To every process in its control group; none is success. */
int container_kill_all(const struct container *c, int sig, struct err *e);
/* SIGKILL to every process, and wait until the first is gone. */
int container_end(struct container *c, struct err *e);

#endif
