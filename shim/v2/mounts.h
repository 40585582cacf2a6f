/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root file system that a Create request describes: mounts made at
 * BUNDLE/rootfs, and taken away again.
 *
 * The list comes from containerd, which is trusted; targets below the root lie
 * in an image's file system, which is not.
 */
#ifndef SHIM_V2_MOUNTS_H
#define SHIM_V2_MOUNTS_H

#include "shim/message/types.h"

/* Make `rootfs` and mount each in order; on failure those that were made are undone. */
int mounts_make(const char *rootfs, const struct msg_mount *list, size_t n, struct err *e);
/* Unmount whatever is at or below `rootfs`; nothing there is no failure. */
int mounts_undo(const char *rootfs, struct err *e);

/* Pure: the mount points at or below `dir` in a mountinfo text, in its order. */
struct strv;
void mounts_find(const char *mountinfo, const char *dir, struct strv *ret);

#endif
