/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory on the disk as a tree.  What is in it is somebody else's: no
 * symlink is followed, every directory is opened below the root's descriptor,
 * and what disappears meanwhile is as if it had not been there.
 */
#ifndef IMAGETOOL_DIFF_FTREE_DIR_H
#define IMAGETOOL_DIFF_FTREE_DIR_H

#include "imagetool/diff/disk_xattrs.h"
#include "imagetool/diff/ftree.h"

/* User or group ids of the disk and what they are in the image. */
struct disk_ids {
	uint32_t inside, outside, count;
};

struct disk_id_map {
	const struct disk_ids *items;
	size_t n; /* 0: they are the same */
};

struct ftree_dir_opts {
	/* MARKS_...: the directory is overlayfs's upper one, whiteouts and opaque directories
	 * become marks, its own attributes are not shown.  0: it is not. */
	unsigned upper;
	/* When it was unpacked: inodes whose ctime is older are as the image says. */
	bool has_unpacked;
	struct timespec unpacked;
	struct disk_id_map uids, gids;
};

struct ftree_dir_notes {
	uint64_t sockets;   /* left out, as no archive can say them */
	uint64_t reserved;  /* left out: their names begin as those of whiteouts do */
	uint64_t redirects; /* directories of overlayfs that were renamed, files without data */
};

/* The directory below `rootfd` that stands where `dir` does; *ret_fd is -1 when there is none. */
int ftree_open_dir(const struct node *dir, int rootfd, int *ret_fd, struct err *e);

/* `t` is fresh from ftree_init(); it is sorted afterwards. */
int ftree_add_dir(struct ftree *t, int rootfd, const struct ftree_dir_opts *opts,
		  struct ftree_dir_notes *notes, struct err *e);

#endif
