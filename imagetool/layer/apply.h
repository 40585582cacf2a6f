/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers on top of one another become a root file system.
 *
 * A layer is never trusted.  Every directory is reached below the root's
 * descriptor with symlinks resolved as if the root were "/" (layers do write
 * through links of lower layers, "lib" to "usr/lib"); the last component is
 * never followed; names with ".." are refused; a hard link's target is found in
 * the same way.  What only root may do is done by root and noted otherwise.
 *
 * Nobody else may be able to change the tree meanwhile: keep it below a
 * directory of mode 0700 (staging.h does).
 */
#ifndef IMAGETOOL_LAYER_APPLY_H
#define IMAGETOOL_LAYER_APPLY_H

#include "imagetool/tar/read.h"

/* Policy: what one image may ask for.  Real images stay below a hundredth of it. */
#define APPLY_ENTRIES_MAX ((uint64_t)16 << 20)
#define APPLY_BYTES_MAX   ((uint64_t)1 << 40) /* of file content */
/* Directories below one that a late whiteout empties. */
#define APPLY_WHITEOUT_DEPTH_MAX 128

struct apply_notes {
	uint64_t devices; /* left out: only root may make them */
	uint64_t xattrs;  /* left out: not permitted, or the file system has none */
};

struct apply;

/* `rootfd` is borrowed. */
struct apply *apply_new(int rootfd) MALLOC_LIKE;
void apply_free(struct apply *a);
AUTO_DEFINE(apply, apply_free)

/* Put one layer on top.  After a failure the tree is of no use. The process's umask is 0 meanwhile.
 */
int apply_layer(struct apply *a, struct tar_reader *t, struct err *e);

const struct apply_notes *apply_notes(const struct apply *a);

#endif
