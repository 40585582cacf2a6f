/* SPDX-License-Identifier: Apache-2.0 */
/* A file as a block device. */
#ifndef SHIM_V2_LOOPDEV_H
#define SHIM_V2_LOOPDEV_H

#include "libutil/err.h"

#define LOOPDEV_NAME_SIZE 32

/* Attach a free loop device; the kernel detaches it when its last user has gone, so keep the
 * returned descriptor until it is mounted.  `name` becomes "/dev/loopN". */
int loopdev_attach(const char *file, bool read_only, char name[LOOPDEV_NAME_SIZE], struct err *e);

#endif
