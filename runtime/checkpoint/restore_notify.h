/* SPDX-License-Identifier: Apache-2.0 */
/* What happens when criu tells how far a restore has come. */
#ifndef RUNTIME_CHECKPOINT_RESTORE_NOTIFY_H
#define RUNTIME_CHECKPOINT_RESTORE_NOTIFY_H

#include "runtime/creation/creation.h"
#include "runtime/criu/talk.h"

struct restore_scene {
	struct creation *creation;
	pid_t criu;
	bool refused; /* what was restored is killed */
};

/* A criu_notify_fn; ctx is a restore_scene. */
int restore_notified(void *ctx, const char *script, pid_t pid, int *fd, struct err *e);
/* Every process that was restored. */
void restore_kill(struct creation *c);

#endif
