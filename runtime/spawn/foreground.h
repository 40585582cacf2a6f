/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Staying beside a process until it ends: `run` and `exec` without --detach.
 * Signals we get go to the process.  With a terminal, its master is ours: bytes
 * are relayed both ways and our window's size is passed on.
 */
#ifndef RUNTIME_SPAWN_FOREGROUND_H
#define RUNTIME_SPAWN_FOREGROUND_H

#include "runtime/spawn/spawn.h"

/* Before the clone: from here on signals wait until they can be forwarded. */
int foreground_hold_signals(struct err *e);
/* Orphans of the container become our children, and are reaped with it. */
int foreground_become_reaper(struct err *e);

/* Wait for the end, relay `masterfd` unless it is -1.  Returns the exit status: the process's own,
 * or 128 + signal. */
int foreground_wait(struct child *child, int masterfd, struct err *e);

#endif
