/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A form is what a snapshot's files are kept as.  It is handed the entries of a
 * layer (the tar reader) and a directory of its own, and knows nothing of keys,
 * staging, digests and chains.
 */
#ifndef IMAGETOOL_SNAPSHOT_FORM_H
#define IMAGETOOL_SNAPSHOT_FORM_H

#include "imagetool/layer/apply.h"
#include "imagetool/layer/view.h"
#include "imagetool/snapshot/info.h"
#include "imagetool/snapshot/snapshot.h"

struct snapshot_job {
	int dirfd;    /* the staging directory, empty, 0700; becomes STORE/snapshots/KEY */
	bool trusted; /* overlayfs's attributes are trusted.overlay.*, else user.overlay.* */
	/* What lies below, or NULL: not known.  With it everything is resolved at once and
	 * info->implied, ->whiteout_dirs and ->redo stay empty. */
	struct view *lower;
	struct apply_notes *notes; /* added to */
};

struct snapshot_form {
	enum snapshot_form_id id;
	const char *name;   /* in info */
	const char *member; /* "fs", "fs.erofs": what is mounted */
	/* Whether this machine and user can make and mount it; the reason goes to `e`. */
	bool (*usable)(const struct store *s, struct err *e);
	/* Read all entries; fill what info.h describes but form, diff_id and boot.  The caller
	 * verifies the stream afterwards and drops everything when it was not right. */
	int (*make)(const struct snapshot_job *job, struct tar_reader *t,
		    struct snapshot_info *info, struct err *e);
	/* A descriptor of the tree as a directory, to look things up for layers above.  `dirfd` is
	 * STORE/snapshots/KEY. */
	int (*open_tree)(int dirfd, struct err *e);
	/* Give the implied directories of a made layer what `lower` has at the same place.  1:
	 * done, 0: can't be done in place, make it again.  NULL: never can. */
	int (*amend)(const struct snapshot_job *job, const struct snapshot_info *info,
		     struct err *e);
};

extern const struct snapshot_form snapshot_form_dir, snapshot_form_erofs, snapshot_form_plain;

#endif
