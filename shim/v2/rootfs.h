/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of Create's request at BUNDLE/rootfs, and their end. */
#ifndef SHIM_V2_ROOTFS_H
#define SHIM_V2_ROOTFS_H

#include "shim/message/types.h"

/* In their order; on failure those that were made are undone.  None: nothing is done. */
int rootfs_mount(const char *bundle, const struct msg_mount *mounts, size_t n, struct err *e);
/* Whatever is mounted at BUNDLE/rootfs and below; nothing is no error. */
int rootfs_unmount(const char *bundle, struct err *e);

#endif
