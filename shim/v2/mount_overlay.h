/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An overlay, of however many layers.
 *
 * mount(2) takes one page of text, which fifty layers of containerd's
 * snapshotter fill.  Then names become relative to the directory they share;
 * where that is not enough either, fsconfig(2) takes one layer at a time.
 * Mapped ids are those of the layers, which are mounted apart for it.
 */
#ifndef SHIM_V2_MOUNT_OVERLAY_H
#define SHIM_V2_MOUNT_OVERLAY_H

#include "shim/v2/mount_plan.h"

int mount_overlay(struct mount_plan *p, const char *rootfs, int targetfd, struct err *e);

#endif
