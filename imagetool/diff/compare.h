/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed between two trees, as a layer would say it.
 *
 * By stat first: type, mode, ids, size, time of modification (in seconds where
 * one side knows no more; not of directories), symlink targets, devices,
 * extended attributes, and which names are links of one file.  By content where
 * that cannot say: two images, or a file that was touched since it was unpacked
 * and looks the same.  A directory changes with what is in it.
 */
#ifndef IMAGETOOL_DIFF_COMPARE_H
#define IMAGETOOL_DIFF_COMPARE_H

#include "imagetool/diff/ftree.h"

enum change_kind { CHANGE_ADDED, CHANGE_MODIFIED, CHANGE_DELETED };

/* What differs, as bits.  CHANGE_INSIDE: only what is in the directory. */
#define CHANGE_WHYS(X)                                                                             \
	X(TYPE, "type")                                                                            \
	X(MODE, "mode")                                                                            \
	X(OWNER, "owner")                                                                          \
	X(SIZE, "size")                                                                            \
	X(TIME, "time")                                                                            \
	X(LINK, "link")                                                                            \
	X(DEVICE, "device")                                                                        \
	X(XATTRS, "xattrs")                                                                        \
	X(CONTENT, "content")                                                                      \
	X(LINKS, "links")                                                                          \
	X(INSIDE, "inside")

enum change_why_bit {
#define X(name, text) CHANGE_BIT_##name,
	CHANGE_WHYS(X)
#undef X
		CHANGE_BIT_COUNT
};
enum change_why {
#define X(name, text) CHANGE_##name = 1 << CHANGE_BIT_##name,
	CHANGE_WHYS(X)
#undef X
};
extern const char *const change_why_names[CHANGE_BIT_COUNT];

struct change {
	enum change_kind kind;
	unsigned why;            /* of CHANGE_MODIFIED */
	const struct node *node; /* of the new tree; of the old one when it was deleted */
};

struct changes {
	struct change *items; /* owned; directories before what is in them */
	size_t n, cap;
};
void changes_done(struct changes *c);
AUTO_DEFINE_DONE(changes, changes_done)
void changes_add(struct changes *c, enum change_kind kind, const struct node *n);

struct compare_opts {
	/* The new tree is overlayfs's upper directory: what it does not have is unchanged, what it
	 * marks is gone. */
	bool upper;
	/* The old tree is not known: what is in the upper directory is written, unlooked at. */
	bool blind;
	/* The disk does not know the image's ids (one user unpacked it): those of the image stay.
	 */
	bool keep_ids;
	bool checksum; /* compare the content of all files, whatever stat says */
	int rootfd;    /* of the new tree, for content; -1: both are images */
	/* Paths on which something gets mounted: what is new and empty there was made for that. */
	char *const *mount_points; /* NULL-terminated, or NULL */
};

/* Both sorted; marks in both are changed. */
int compare_trees(struct ftree *old, struct ftree *new, const struct compare_opts *opts,
		  struct changes *ret, struct err *e);

/* Every file of a tree that was compared, as if all were new; the root when it is not as every root
 * is. */
void changes_of_all(const struct ftree *t, struct changes *ret);

#endif
