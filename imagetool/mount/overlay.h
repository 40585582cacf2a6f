/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image's root file system as an overlay of its snapshots.
 *
 * Layers are handed over one by one (lowerdir+, Linux 6.7), so that no page
 * limits their number; older kernels get all in one text of short names.  EROFS
 * images are mounted for the overlay alone and are seen nowhere else.
 */
#ifndef IMAGETOOL_MOUNT_OVERLAY_H
#define IMAGETOOL_MOUNT_OVERLAY_H

#include "imagetool/snapshot/snapshot.h"

#define OVERLAY_UPPER "upper"
#define OVERLAY_WORK  "work"
#define OVERLAY_TOP   "top"

/* BUILD: written to, and what is written stands for itself: nothing in it refers to files below by
 * other names, so that it can be a layer.  It need not survive a crash: nothing is synced. */
enum overlay_mode { OVERLAY_READ, OVERLAY_WRITE, OVERLAY_BUILD };

/* What an overlay needs beside the layers, below `dirfd`: upper/ and work/, or for one that is
 * read-only or has no layers top/, an empty one that has the root directory's attributes.  What is
 * there already is used. */
int overlay_prepare(int dirfd, const struct snapshot_stack *stack, bool writable, struct err *e);

/* Mount on `target` (made), or with NULL nowhere: then the result is a descriptor of the root
 * directory, -ENOTSUP where the kernel can't. */
int overlay_mount(int dirfd, const struct snapshot_stack *stack, enum overlay_mode mode,
		  const char *target, struct err *e);

/* Whether overlays of this process keep their attributes as user.overlay.*, not trusted.*: it is
 * not root of the machine. */
bool overlay_is_users(void);

/* Whether this process may mount at all; if not, `e` says what to do. */
int overlay_may_mount(struct err *e);

/* Is it a mount point? */
bool overlay_is_mounted(const char *path);
/* -EINVAL when nothing is mounted there. */
int overlay_unmount(const char *path, struct err *e);

#endif
