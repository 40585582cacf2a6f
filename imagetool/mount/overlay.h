/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image's root file system as an overlay of its snapshots.
 *
 * Layers are handed over one by one (lowerdir+, Linux 6.7), so that no page
 * limits their number; older kernels get all in one text of short names
 * (overlay_old.c).  EROFS images are mounted for the overlay alone and are seen
 * nowhere else.
 */
#ifndef IMAGETOOL_MOUNT_OVERLAY_H
#define IMAGETOOL_MOUNT_OVERLAY_H

#include "imagetool/snapshot/snapshot.h"

#define OVERLAY_UPPER "upper"
#define OVERLAY_WORK  "work"
#define OVERLAY_TOP   "top"
#define OVERLAY_SHOWN "shown" /* where older kernels need to see a mount for a while */

/* BUILD: written to, and what is written stands for itself: nothing in it refers to files below by
 * other names, so that it can be a layer.  It need not survive a crash: nothing is synced. */
enum overlay_mode { OVERLAY_READ, OVERLAY_WRITE, OVERLAY_BUILD };

/* What an overlay needs beside the layers, below `dirfd`: upper/ and work/, or for one that is
 * read-only or has no layers top/, an empty one that has the root directory's attributes.  What is
 * there already is used. */
int overlay_prepare(int dirfd, const struct snapshot_stack *stack, bool writable, struct err *e);

/* Mount on `target` (made), or with NULL nowhere: then the result is a descriptor of the root
 * directory.  `dirfd` was opened in this mount namespace. */
int overlay_mount(int dirfd, const struct snapshot_stack *stack, enum overlay_mode mode,
		  const char *target, struct err *e);

/* For reading, as a descriptor whose directories open_tree(2) can copy.  Before Linux 6.15 it can't
 * those of a mount that is nowhere: then it is on OVERLAY_SHOWN below `dirfd`, until
 * overlay_unshow() or the end of the mount namespace. */
int overlay_mount_shared(int dirfd, const struct snapshot_stack *stack, struct err *e);
void overlay_unshow(int dirfd);

/* On kernels before Linux 6.15, a mount namespace for this process, which what they must show does
 * not leave.  To be called before directories are opened that overlays lie in. */
void overlay_hide_mounts(void);

/* Whether overlays of this process keep their attributes as user.overlay.*, not trusted.*: it is
 * not root of the machine. */
bool overlay_is_users(void);

/* Whether this process may mount at all; if not, `e` says what to do. */
int overlay_may_mount(struct err *e);

/* Whether an overlay whose upper directory is below `dirfd`, which is the caller's and empty, does
 * what builds need; if not, `e` says why: the file system, or the kernel. */
int overlay_probe(int dirfd, struct err *e);

/* Is it a mount point? */
bool overlay_is_mounted(const char *path);
/* -EINVAL when nothing is mounted there. */
int overlay_unmount(const char *path, struct err *e);

#endif
