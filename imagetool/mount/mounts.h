/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of a store: made, found and taken away. */
#ifndef IMAGETOOL_MOUNT_MOUNTS_H
#define IMAGETOOL_MOUNT_MOUNTS_H

#include "imagetool/mount/home.h"

/* Mount an image on `dir`, or with NULL in a place of the store's own, one for each image that is
 * read-only.  *ret_target is where, owned by the caller. */
int mounts_add(struct store *s, const struct image *img, const char *dir, bool writable,
	       enum snapshot_choice form, struct apply_notes *notes, char **ret_target,
	       struct err *e);

/* home_read() of one that has a lease of the store. */
int mounts_read(const struct store *s, const char *path, struct home *ret, struct err *e);
/* Each home that has a lease of the store; stops at the first value != 0 and returns it. */
typedef int mounts_fn(const struct home *h, void *ctx, struct err *e);
int mounts_each(const struct store *s, mounts_fn *fn, void *ctx, struct err *e);

/* Whether a person means this one: a bundle, a mount point, an image that mounts_add() mounted.  A
 * bundle is not meant by its image: others run from it. */
bool mounts_is_meant(const struct store *s, const struct home *h, const char *text);
/* Unmount it.  What was made by mounts_add() is removed, with what was written. */
int mounts_remove(struct store *s, const struct home *h, struct err *e);

#endif
