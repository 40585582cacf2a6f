/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slow way of beneath.c: one component at a time with O_NOFOLLOW.  Used
 * where openat2(2) is refused, and wherever directories have to be made on the
 * way.  Functions return a descriptor or a negative errno without words; paths
 * have passed beneath.c's checks of the text.
 */
#ifndef LIBUTIL_BENEATH_WALK_H
#define LIBUTIL_BENEATH_WALK_H

#include "libutil/beneath.h"

enum walk_make {
	WALK_MAKE_DIR,  /* every missing component becomes a directory */
	WALK_MAKE_FILE, /* the last one an empty file */
};

int beneath_walk_open(int rootfd, const char *path, int flags, mode_t mode, enum beneath_rule rule);

/* Returns an O_PATH descriptor.  `mode` is that of directories; a file has 0644. */
int beneath_walk_make(int rootfd, const char *path, enum walk_make make, mode_t mode,
		      enum beneath_rule rule);

#endif
