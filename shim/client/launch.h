/* SPDX-License-Identifier: Apache-2.0 */
/* Make a record and start the supervisor that works by it. */
#ifndef SHIM_CLIENT_LAUNCH_H
#define SHIM_CLIENT_LAUNCH_H

#include "shim/io/ctl.h"
#include "shim/program.h"
#include "shim/record/record.h"

/* The supervisor is this program again, with a fresh and small memory.  It finds these descriptors:
 */
#define LAUNCH_REPORT_FD 3 /* one struct launch_report goes to whoever started it */
#define LAUNCH_CLIENT_FD 4 /* with --attached: the first client */

/* Sent once, when the start has succeeded or failed. */
struct launch_report {
	pid_t pid; /* the container's, when err.code is 0 */
	struct err err;
};

struct launch {
	struct record rec; /* what is wanted; strings stay the caller's */
	struct ctl_size size;
	bool attach;
	int clientfd;  /* out, with `attach`: our end of the first client; owned by the caller */
	pid_t pid;     /* out: the container */
	bool reported; /* out: the supervisor lived to say how the start went */
};

/* Returns when the container's program runs.  On failure nothing is left. */
int launch(struct launch *l, const struct shim_globals *g, struct err *e);

/* Find the runtime: a path, or a name to look up in PATH.  *ret is absolute and owned by the
 * caller. */
int launch_find_runtime(const char *name, char **ret, struct err *e);

#endif
