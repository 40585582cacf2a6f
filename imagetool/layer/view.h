/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an overlay of layers shows at a path, found without mounting one: each
 * layer is a directory in overlayfs's terms.
 */
#ifndef IMAGETOOL_LAYER_VIEW_H
#define IMAGETOOL_LAYER_VIEW_H

#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"

struct view;

struct view *view_new(void) MALLOC_LIKE;
void view_free(struct view *v);
AUTO_DEFINE(view, view_free)

/* One more layer, above those that are there.  Takes `treefd`.  `hides_all`: its root is opaque. */
void view_add(struct view *v, int treefd, bool hides_all);

enum view_kind {
	VIEW_NONE,
	VIEW_DIR,
	VIEW_LINK,
	VIEW_OTHER,
};

struct view_found {
	enum view_kind kind;
	struct stat st; /* of the topmost one */
	int dirfd;      /* O_PATH, where it lies, or -1; owned */
	char *name;     /* there; owned */
};

/* `path` is relative and has no symlinks, "." or "..": one on the way gives VIEW_NONE.  Not for two
 * threads at once. */
int view_find(struct view *v, const char *path, struct view_found *ret, struct err *e);
void view_found_done(struct view_found *f);
AUTO_DEFINE_DONE(view_found, view_found_done)

/* Owner, mode, times and attributes of what was found, given to the same kind of thing here.
 * `owner`: give it away, too; only root can. */
int view_copy_attributes(const struct view_found *from, int dirfd, const char *name, bool owner,
			 struct err *e);

/* A thing that is no directory, without its attributes. */
int view_copy_node(const struct view_found *from, int dirfd, const char *name, struct err *e);
/* A file or a directory with all that is in it and all attributes.  Hard links become files of
 * their own.  Who could change `from` meanwhile is trusted. */
int view_copy_tree(int fromfd, const char *from, int tofd, const char *to, bool owner,
		   struct err *e);

/* The names overlayfs reads. */
bool overlay_is_whiteout(const struct stat *st);
bool overlay_is_opaque(int dirfd, const char *name);
int overlay_set_opaque(int dirfd, const char *name, bool trusted, struct err *e);

#endif
