/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of live changes share; only they include it.  All runs in the visitor. */
#ifndef RUNTIME_INIT_LIVE_ACTS_H
#define RUNTIME_INIT_LIVE_ACTS_H

#include "runtime/init/live.h"
#include "runtime/init/stage.h"

struct live {
	const struct live_job *job;
	struct init in;
	int *trees; /* LIVE_MAKE_DEVICE: the host's devices, detached; 0: none */
};

int live_mount_prepare(struct live *l, struct err *e);
int live_mount(struct live *l, struct err *e);
int live_unmount_prepare(struct live *l, struct err *e);
int live_unmount(struct live *l, struct err *e);
int live_device_prepare(struct live *l, struct err *e);
int live_device_make(struct live *l, struct err *e);
int live_device_remove(struct live *l, struct err *e);

/* live_mounts.c: is `fd` the root of a mount?  1, 0, or a negative errno. */
int live_is_mount(int fd, struct err *e);
/* live_mounts.c: take away the mount whose root `fd` is, with all below it. */
int live_detach(const struct live *l, int fd, struct err *e);

#endif
