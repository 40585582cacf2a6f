/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that came from our caller.  Everything from 3 on is marked
 * close-on-exec before we open anything of our own, but for those the container
 * is meant to have: 3 .. 2 + LISTEN_FDS (systemd's protocol), then --preserve-fds.
 */
#ifndef RUNTIME_SPAWN_INHERIT_H
#define RUNTIME_SPAWN_INHERIT_H

#include "libutil/err.h"

struct inherit {
	unsigned listen_fds;
	unsigned preserve_fds;
};

/*
 * Reads LISTEN_FDS when LISTEN_PID names this process.  A descriptor that is to be passed on but
 * not open is an error: its number would be taken by one of ours.  *own is one of ours that is open
 * already, or 0; when it lies among those it is closed and becomes 0.
 */
int inherit_prepare(unsigned preserve_fds, int *own, struct inherit *ret, struct err *e);

#endif
