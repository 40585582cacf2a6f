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

#include "imagetool/layer/view.h"
#include "imagetool/tar/read.h"
#include "libutil/strv.h"

/* Directories below one that a late whiteout empties. */
#define APPLY_WHITEOUT_DEPTH_MAX 128

struct apply_notes {
	uint64_t devices; /* left out: only root may make them */
	uint64_t xattrs;  /* left out: not permitted, or the file system has none */
};

struct apply;

/* What is to be known about a layer that was unpacked alone. */
struct apply_facts {
	uint64_t size; /* bytes of file content */
	uint64_t entries;
	bool root_stated; /* the layer has an entry for the root directory: */
	mode_t root_mode;
	uid_t root_uid;
	gid_t root_gid;
	struct timespec root_mtime;
	bool root_opaque; /* nothing below is seen; overlayfs does not read that of a root */
	/* Directories that were made but not stated, in order of making: mode 0755, the caller's
	 * own.  What is below gives them their attributes, or says that they are symlinks. */
	struct strv implied;
	/* Directories in which whiteouts were put. overlayfs lists whiteouts in a directory that it
	 * has nothing to merge with, so these have to be directories below. */
	struct strv whiteout_dirs;
	/* Something was left out because it depends on what is below, and everything after it:
	 * apply it again with a view. */
	bool redo;
};

/* `rootfd` is borrowed.  Layers are merged with what is there. */
struct apply *apply_new(int rootfd) MALLOC_LIKE;
/* One layer alone, into an empty directory, as overlayfs wants it: whiteouts become files.
 * `lower`, borrowed, is what lies below; NULL: not known.  `trusted`: attributes trusted.overlay.*
 * instead of user.overlay.*. */
struct apply *apply_new_overlay(int rootfd, struct view *lower, bool trusted) MALLOC_LIKE;
/* Everything gets this owner, whatever the layer says: ADD --chown.  For apply_new(). */
void apply_set_owner(struct apply *a, uid_t uid, gid_t gid);
/* What the archive says of the directory itself is passed over: it is somebody else's, as for
 * ADD. */
void apply_set_keep_root(struct apply *a);
void apply_free(struct apply *a);
AUTO_DEFINE(apply, apply_free)

/* Put one layer on top.  After a failure the tree is of no use.  The process's umask must be 0: it
 * is the caller's to set, because it is not a thread's. */
int apply_layer(struct apply *a, struct tar_reader *t, struct err *e);

const struct apply_notes *apply_notes(const struct apply *a);
/* Of apply_new_overlay(); complete after apply_layer().  Lives as long as `a`. */
const struct apply_facts *apply_facts(const struct apply *a);

#endif
