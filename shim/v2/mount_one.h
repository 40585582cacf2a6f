/* SPDX-License-Identifier: Apache-2.0 */
/* One planned mount, done. */
#ifndef SHIM_V2_MOUNT_ONE_H
#define SHIM_V2_MOUNT_ONE_H

#include "shim/v2/mount_plan.h"

/* At the plan's target below `rootfs`.  The plan's words may change. */
int mount_one(struct mount_plan *p, const char *rootfs, struct err *e);

/* mount(2) at a descriptor; the data must fit. */
int mount_with_data(const struct mount_plan *p, const char *source, int targetfd, struct err *e);

#endif
