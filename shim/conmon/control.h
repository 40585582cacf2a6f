/* SPDX-License-Identifier: Apache-2.0 */
/* The FIFOs `ctl` and `winsz` in the bundle: what podman and CRI-O order while the container runs.
 */
#ifndef SHIM_CONMON_CONTROL_H
#define SHIM_CONMON_CONTROL_H

#include "libutil/loop.h"
#include "shim/io/ctl.h"

/* Sizes beyond it are refused, as by conmon. */
#define CONTROL_SIZE_MAX 1000

struct control_fifo {
	struct control *all;
	int fd; /* both ends, so that it never hangs up; -1: none */
	struct loop_source src;
	struct ctl ctl;
	bool sizes_only; /* winsz: lines are "ROWS COLUMNS" */
};

struct control {
	struct loop *loop;
	struct control_fifo ctl, winsz;
	void (*resize)(void *ctx, struct ctl_size size);
	void (*reopen)(void *ctx);
	void *ctx;
};

void control_init(struct control *c, struct loop *loop);
void control_done(struct control *c);
/* Make both, in place of what has their names. */
int control_open(struct control *c, int bundlefd, struct err *e);

#endif
