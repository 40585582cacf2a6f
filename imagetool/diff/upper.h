/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What overlayfs's upper directory changes of the tree below it, found by
 * looking at what the upper directory has, never at the whole of what lies below.
 *
 * Left out is what was only copied up: directories on the way to a change are
 * told of, as docker and BuildKit do, others not when they are as below.  A
 * directory that hides what lies below is told of by whiteouts of what was there.
 */
#ifndef IMAGETOOL_DIFF_UPPER_H
#define IMAGETOOL_DIFF_UPPER_H

#include "imagetool/diff/compare.h"

/* `t` is what ftree_add_dir() read as an upper directory at `upperfd`; nodes are added to it.
 * `lowerfd` is the merged tree below, -1: there is none. */
int upper_changes(struct ftree *t, int upperfd, int lowerfd, struct changes *ret, struct err *e);

#endif
