/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a layer of a build tells: the nodes of the new tree that differ from what
 * lies below, the directories on the way to them, and whiteouts of what is gone.
 * Who looks for differences marks them; all who do so tell the same of them.
 */
#ifndef IMAGETOOL_DIFF_DIRTY_H
#define IMAGETOOL_DIFF_DIRTY_H

#include "imagetool/diff/compare.h"

/* It differs. */
void dirty_mark(struct node *n);
/* A name that was below and is not here; not marked yet. */
int dirty_add_whiteout(struct ftree *t, struct node *dir, const char *name, struct node **ret,
		       struct err *e);
/* Everything that is marked, and all links of what is; `t` is sorted. */
void dirty_tell(struct ftree *t, struct changes *ret);

#endif
