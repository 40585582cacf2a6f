/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory tree once more, for somebody to work on, and what he did to it.
 * That is how a layer is found where no overlay can be.
 *
 * The old tree is in the memory meanwhile; it knows the inodes of the copy, so
 * that what nobody touched is not read again.  Both trees belong to the caller
 * alone: nobody else changes them.
 */
#ifndef IMAGETOOL_DIFF_TREE_COPY_H
#define IMAGETOOL_DIFF_TREE_COPY_H

#include "imagetool/diff/compare.h"

/* COPY_LINKED: files of the copy are hard links of the old ones where that can be, for who replaces
 * files and never writes into them.  COPY_OVER: the same, put over what is there already, as an
 * overlay would show it; the root directory stays as it is. */
enum tree_copy_files { COPY_WRITABLE, COPY_LINKED, COPY_OVER };

struct tree_copy {
	struct ftree old;
	struct timespec done; /* by the file system's clock */
};

/* `c` is filled from nothing, also on failure.  `tofd` is empty, and gets the attributes of the
 * root, too.  What no layer can hold is left out. */
int tree_copy_make(struct tree_copy *c, int fromfd, int tofd, enum tree_copy_files files,
		   struct err *e);
void tree_copy_done(struct tree_copy *c);
AUTO_DEFINE_DONE(tree_copy, tree_copy_done)

/* What a layer that makes the new tree of the old one says, as upper_changes() would of an overlay.
 * `now` is fresh from ftree_init(), and owns what the changes point to. */
int tree_copy_changes(struct tree_copy *c, int fromfd, int tofd, struct ftree *now,
		      struct changes *ret, struct err *e);

#endif
