/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layer alone, in overlayfs's terms, instead of merged with those below.
 * What lower layers have decides about some entries: with a view of them all is
 * decided at once; without, what was assumed is noted (apply.h, struct
 * apply_facts) and what cannot be assumed is left out and noted as `redo`.
 */
#ifndef IMAGETOOL_LAYER_OVERLAY_H
#define IMAGETOOL_LAYER_OVERLAY_H

#include "imagetool/layer/apply.h"
#include "imagetool/layer/entry_path.h"
#include "imagetool/layer/seen.h"

struct overlay {
	bool trusted;       /* trusted.overlay.*, else user.overlay.* */
	struct view *lower; /* NULL: not known; borrowed */
	struct apply_facts facts;
	struct seen opaque;        /* directories with that mark, by inode, name "" */
	struct seen whiteout_dirs; /* that are in facts, likewise */
	uint64_t whiteouts;        /* made so far */
	size_t noted;              /* bytes of paths in facts */
};

void overlay_free(struct overlay *o);
/* Add to a list of facts.  One that grows too long is given up: the layer is made again with a
 * view, which needs none. */
void overlay_note_path(struct overlay *o, struct strv *list, const char *path);

/* Not an error: the entry is left out, because it needs what lies below. */
#define OVERLAY_SKIP 1

enum overlay_how {
	OVERLAY_MAKE, /* a directory that is missing is made */
	OVERLAY_HIDE, /* the same, unless it is missing below too: then -ENOENT */
	OVERLAY_FIND, /* -ENOENT */
};

/* Make a->parent the directory of `p`, through links of this layer and of those below. */
int overlay_enter(struct apply *a, const struct entry_path *p, enum overlay_how how, struct err *e);

int overlay_whiteout(struct apply *a, enum whiteout kind, const struct entry_path *p,
		     struct err *e);
/* The entry of the root directory. */
void overlay_note_root(struct apply *a, const struct tar_entry *n);
/* Directory `name` hides what lies below it. */
int overlay_hide(struct apply *a, int dirfd, const char *name, struct err *e);
/* Bring the file that `target` names here from below, so that it can be linked to; a->parent is its
 * directory then. */
int overlay_copy_up(struct apply *a, const struct entry_path *target, struct err *e);

#endif
