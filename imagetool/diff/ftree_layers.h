/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image's layers as a tree, without unpacking: the blobs are read on all
 * cores, each verified by its digests, and put on top of one another in memory
 * as layer/apply.h would on a disk.  Content is hashed as it passes.
 */
#ifndef IMAGETOOL_DIFF_FTREE_LAYERS_H
#define IMAGETOOL_DIFF_FTREE_LAYERS_H

#include "imagetool/diff/ftree.h"
#include "imagetool/store/image.h"

/* `t` is fresh from ftree_init(); it is sorted afterwards. */
int ftree_add_image(struct ftree *t, const struct store *s, const struct image *img, struct err *e);

#endif
