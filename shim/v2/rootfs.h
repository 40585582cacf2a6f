/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of Create's request at BUNDLE/rootfs, and their end.
 *
 * The list comes from containerd, which is trusted; targets below the root lie
 * in an image's file system, which is not.
 */
#ifndef SHIM_V2_ROOTFS_H
#define SHIM_V2_ROOTFS_H

#include "libutil/strv.h"
#include "shim/message/types.h"

/* In their order; on failure those that were made are undone.  None: nothing is done. */
int rootfs_mount(const char *bundle, const struct msg_mount *mounts, size_t n, struct err *e);
/* Whatever is mounted at BUNDLE/rootfs and below; nothing is no error. */
int rootfs_unmount(const char *bundle, struct err *e);

/* Pure: the mount points at or below `dir` in a mountinfo text, in its order. */
void rootfs_find(const char *mountinfo, const char *dir, struct strv *ret);

#endif
