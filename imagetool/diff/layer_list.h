/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of one layer, read and checked; any thread makes one. */
#ifndef IMAGETOOL_DIFF_LAYER_LIST_H
#define IMAGETOOL_DIFF_LAYER_LIST_H

#include "imagetool/diff/ftree.h"
#include "imagetool/layer/entry_path.h"
#include "oci-spec/image_spec.h"

struct layer_entry {
	enum whiteout whiteout; /* of `path`: the name that is hidden, or the opaque directory */
	const char *path;       /* in normal form, "" is the root */
	size_t len, base;       /* where the last component begins */
	size_t index;           /* in the archive, from 0 */
	const char *target;     /* hard links: what else has the inode, in normal form */
	struct inode *inode;    /* others */
};

struct layer_list {
	size_t index;                /* of the archive's entry being read */
	struct arena arena;          /* owns what the entries point to */
	struct layer_entry *entries; /* owned */
	size_t n, cap;
};

void layer_list_done(struct layer_list *l);

/* `fd` is the blob. */
int layer_list_read(struct layer_list *l, int fd, const struct image_descriptor *desc,
		    const char *diff_id, struct err *e);
/* Put them on top of the tree, as its layer number `layer` (from 1). */
int layer_list_merge(const struct layer_list *l, struct ftree *t, unsigned layer, struct err *e);

#endif
