/* SPDX-License-Identifier: Apache-2.0 */
/* The container's terminal on the side of the supervisor: its size, and the FIFO `ctl` that says
 * it. */
#ifndef SHIM_IO_TERMINAL_H
#define SHIM_IO_TERMINAL_H

#include "libutil/loop.h"
#include "shim/io/ctl.h"

struct terminal {
	struct loop *loop;
	int master; /* owned, for sizes; -1: not yet */
	int ctlfd;  /* the FIFO, both ends, so that it never hangs up */
	struct loop_source ctl_src;
	struct ctl ctl;
	struct ctl_size size; /* wanted; 0x0: nobody said */
};

void terminal_init(struct terminal *t, struct loop *loop);
void terminal_done(struct terminal *t);

/* Make the FIFO `name` below a directory. */
int terminal_open(struct terminal *t, int dirfd, const char *name, struct err *e);
/* The terminal is there: keep a duplicate of its master end, give it the size that is wanted. */
int terminal_use(struct terminal *t, int master, struct err *e);

#endif
