/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's create, exec or restore as conmon's options ask for it: with the
 * caller's descriptors and environment, and a socket for the terminal.
 */
#ifndef SHIM_CONMON_LAUNCH_H
#define SHIM_CONMON_LAUNCH_H

#include "shim/conmon/oom_score.h"
#include "shim/conmon/options.h"
#include "shim/core/console.h"
#include "shim/core/reaper.h"

struct launch {
	struct reaper *reaper;
	struct child child;
	struct console console;
	char *console_dir; /* owned; NULL: none */
	int console_dirfd;
};

void launch_init(struct launch *l, struct reaper *reaper);
/* Forgets a running call; the socket's directory goes. */
void launch_done(struct launch *l);

/* Start it; `ended` is told how it went.  `stdio` are its descriptors 0 to 2, -1: /dev/null. */
int launch_start(struct launch *l, const struct conmon_opts *o, const struct oom_score *score,
		 const int stdio[3], child_ended_fn *ended, struct err *e);
/* After success with --terminal: the master end, which is the caller's then. */
int launch_terminal(struct launch *l, struct err *e);

#endif
