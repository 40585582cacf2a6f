/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of apply: the tree being filled, and one entry's place in it. */
#ifndef IMAGETOOL_LAYER_APPLY_INTERNAL_H
#define IMAGETOOL_LAYER_APPLY_INTERNAL_H

#include <limits.h>

#include "imagetool/layer/apply.h"
#include "imagetool/layer/dir_times.h"
#include "imagetool/layer/entry_path.h"
#include "imagetool/layer/overlay.h"
#include "imagetool/layer/seen.h"

/* A directory that is open. */
struct apply_dir {
	int fd; /* O_PATH; -1: none */
	ino_t ino;
	bool setgid;     /* what is made in it gets its group */
	size_t row;      /* in apply.dirs */
	size_t len;      /* of its path as the entry spelled it */
	size_t real_len; /* of where it is in the tree; differs through links of lower layers */
};

/* The way from the root to the directory of the last entry stays open: the next entry is mostly in
 * the same, or near. */
#define PARENT_DEPTH 24

struct apply_parent {
	struct apply_dir dir; /* of the last entry */
	struct apply_dir above[PARENT_DEPTH];
	size_t n_above;
	bool hidden; /* overlay: what lower layers have in it is not seen; set by overlay_enter() */
	bool walked; /* by overlay_enter(): `hidden` is known */
	char path[PATH_MAX]; /* as the entry spelled it */
	char real[PATH_MAX];
};

struct apply {
	int rootfd;
	struct overlay *overlay; /* NULL: the tree is all layers, merged */
	bool privileged;         /* may give files away and make devices */
	uid_t uid;               /* what new files get by themselves */
	gid_t gid;
	struct apply_parent parent;
	struct seen seen;      /* of this layer */
	struct dir_times dirs; /* of this layer */
	struct apply_notes notes;
	bool has_owner; /* of apply_set_owner() */
	bool keep_root; /* of apply_set_keep_root() */
	uid_t owner;
	gid_t group;
	uint64_t entries, bytes;
};

/* Make a->parent the directory of `p`.  Missing directories are made when `make`, else -ENOENT.
 * May return OVERLAY_SKIP. */
int parent_enter(struct apply *a, const struct entry_path *p, bool make, struct err *e);
/* `fd` becomes a->parent, taken also on failure; `real` is its path in the tree. */
int parent_set(struct apply *a, int fd, const char *real, size_t real_len, struct err *e);
/* Under which spelling it is found again. */
void parent_remember(struct apply *a, const char *path, size_t len);
/* Make a directory in a->parent that no layer describes. */
int parent_make_implied(struct apply *a, const char *name, struct err *e);
/* A directory or symlink went away, so paths may mean something else now. */
void parent_forget(struct apply *a);
/* The layer is complete: the directories that are open get their times. */
void parent_leave(struct apply *a);

/* Make what the entry describes at a->parent and `name`, in place of what is there. */
int create_entry(struct apply *a, const char *name, const struct entry_path *p,
		 const struct tar_entry *n, struct tar_reader *t, struct err *e);
/* Attributes of the root directory itself. */
int create_root(struct apply *a, const struct tar_entry *n, struct err *e);

/* Remove what is at `name`, whatever layer it is from; missing is fine. */
int remove_any(struct apply *a, int dirfd, const char *name, struct err *e);
/* Remove what lower layers have at `name`; this layer's own things stay. */
int remove_lower(struct apply *a, int dirfd, ino_t dir_ino, const char *name, struct err *e);
/* The same for everything in directory `name` of a->parent, or in a->parent itself (NULL). */
int remove_lower_content(struct apply *a, int dirfd, struct err *e);

/* Extended attributes.  `fd` is the open file, or -1: then `dirfd` and `name` say where it is. */
int xattrs_set(struct apply *a, int fd, int dirfd, const char *name, const struct tar_entry *n,
	       struct err *e);
/* Remove the attributes a directory has that the entry does not state. */
int xattrs_prune(struct apply *a, int dirfd, const char *name, const struct tar_entry *n,
		 struct err *e);

#endif
