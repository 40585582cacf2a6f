/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds where no overlay can be: in a container, whose own files are one, on
 * network file systems, for ordinary users of kernels before Linux 5.11.
 *
 * Each state is a whole tree then (form "plain"): a step works on a copy of the
 * one below, and what it changed is found by comparing the two.  Files are hard
 * links of one another where only this program writes, which never writes into a
 * file that is there; what a RUN gets is its own.  COPY --link stays what it
 * is, a directory of its own, and is put over what it lies on when that is needed.
 * Layers are the same either way, but for names of one file: on an overlay they
 * part when one of them is written to.
 */
#ifndef IMAGETOOL_SOLVE_PLAIN_H
#define IMAGETOOL_SOLVE_PLAIN_H

#include "imagetool/diff/tree_copy.h"
#include "imagetool/solve/internal.h"

/* Decided once for each solve, which tells its user why. */
bool plain_is_needed(struct solve *s);

/* Is what this snapshot holds what the vertex needs here? */
bool plain_fits(struct solve *s, const struct vertex *v, enum snapshot_form_id form);

/* A stack as one directory, not to be written to; the caller's. */
int plain_open(struct solve *s, const struct snapshot_stack *st, struct err *e);

/* The tree of the image's layers. */
int plain_make_image(struct solve *s, struct task *n, struct err *e);

/* ---- One state in the making ---- */

struct plain_work {
	int fd;     /* of the tree that is worked on, OVERLAY_UPPER of the stage */
	int basefd; /* borrowed; -1: it stands on nothing */
	struct tree_copy copy;
};
#define PLAIN_WORK_INIT                                                                            \
	{                                                                                          \
		.fd = -1, .basefd = -1                                                             \
	}

int plain_begin(struct solve *s, const struct task *n, const struct built_stage *stage,
		enum tree_copy_files files, struct plain_work *w, struct err *e);
/* Note in the stage what was changed.  *ret_n is how much. */
int plain_end(struct plain_work *w, const struct built_stage *stage, size_t *ret_n, struct err *e);
void plain_work_done(struct plain_work *w);
AUTO_DEFINE_DONE(plain_work, plain_work_done)

/* Put the layer of a record that was found on the tree below: rec.snapshot. */
int plain_unpack(struct solve *s, struct task *n, struct err *e);

/* The changes of a whole tree, as noted. */
int plain_changes(int treefd, struct ftree *t, struct changes *ret, struct err *e);

#endif
