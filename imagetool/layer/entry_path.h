/* SPDX-License-Identifier: Apache-2.0 */
/* What a name in a layer means below the root; text only. */
#ifndef IMAGETOOL_LAYER_ENTRY_PATH_H
#define IMAGETOOL_LAYER_ENTRY_PATH_H

#include <limits.h>
#include <stddef.h>

#include "libutil/err.h"

/* A relative path in normal form: no "", "." or ".." components; "" is the root itself. */
struct entry_path {
	char text[PATH_MAX];
	size_t len;
	size_t parent_len; /* text[0 .. parent_len) is the directory, without a slash at its end */
	size_t base;       /* where the last component begins */
};

/* "/x" is "x", as docker and umoci take it; ".." anywhere is refused (-EINVAL), because no tool
 * writes it and what it means depends on symlinks. */
int entry_path_parse(const char *name, struct entry_path *ret, struct err *e);

static inline const char *entry_path_base(const struct entry_path *p)
{
	return p->text + p->base;
}

/* What `.wh.` names ask for (image-spec layer.md, "Whiteouts"). */
enum whiteout {
	WHITEOUT_NONE,
	WHITEOUT_REMOVE, /* of whiteout_target() */
	WHITEOUT_OPAQUE, /* everything lower layers have in this directory */
	WHITEOUT_AUFS,   /* `.wh..wh.*`: bookkeeping of a file system, means nothing */
};

/* -EINVAL: a whiteout of nothing, of "." or "..", or one that has children. */
int whiteout_parse(const struct entry_path *p, enum whiteout *ret, struct err *e);
/* The name that a WHITEOUT_REMOVE hides. */
const char *whiteout_target(const struct entry_path *p);

#endif
