/* SPDX-License-Identifier: Apache-2.0 */
/* Make a record and start the supervisor that works by it. */
#ifndef SHIM_CLIENT_LAUNCH_H
#define SHIM_CLIENT_LAUNCH_H

#include "shim/io/ctl.h"
#include "shim/program.h"
#include "shim/record/record.h"

/*
 * The supervisor is this program again, with a fresh and small memory.  It finds
 * three descriptors: one struct err goes out by the first, whose code is 0 when
 * the container runs; record_read_fd() of the second is what is wanted; with
 * --attached the third is the first client.
 */
#define LAUNCH_REPORT_FD 3
#define LAUNCH_RECORD_FD 4
#define LAUNCH_CLIENT_FD 5

struct launch {
	struct record rec; /* what is wanted; strings stay the caller's */
	struct ctl_size size;
	bool attach;
	bool again; /* the record is there, of a container that has ended */
	/* Out, owned by the caller on success: */
	int clientfd; /* with `attach`: our end of the first client, else -1 */
	int holdfd;   /* while it is open the supervisor does not remove the record */
};

/* Returns when the container's program runs.  On failure nothing is left. */
int launch(struct launch *l, const struct shim_globals *g, struct err *e);

/* Find the runtime: a path, or a name to look up in PATH.  *ret is absolute and owned by the
 * caller. */
int launch_find_runtime(const char *name, char **ret, struct err *e);

#endif
