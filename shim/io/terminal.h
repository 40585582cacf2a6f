/* SPDX-License-Identifier: Apache-2.0 */
/* The container's terminal on the side of the supervisor: how the master end comes in, its size,
 * `ctl`. */
#ifndef SHIM_IO_TERMINAL_H
#define SHIM_IO_TERMINAL_H

#include "libutil/loop.h"
#include "shim/io/ctl.h"

struct terminal {
	struct loop *loop;
	int console; /* listening for the runtime; -1 when it has come */
	int master;  /* for sizes; -1: not yet */
	int ctlfd;   /* the FIFO, both ends, so that it never hangs up */
	struct loop_source ctl_src;
	struct ctl ctl;
	struct ctl_size size; /* wanted; 0x0: nobody said */
};

void terminal_init(struct terminal *t, struct loop *loop);
void terminal_done(struct terminal *t);

/* Make the sockets in the record's directory. */
int terminal_open(struct terminal *t, int dirfd, struct err *e);
/* Take the master end that the runtime has sent by the end of its create.  Returns a descriptor
 * that the caller owns. */
int terminal_receive(struct terminal *t, int dirfd, struct err *e);

#endif
