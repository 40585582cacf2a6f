/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of a file as a layer says them. */
#ifndef IMAGETOOL_DIFF_DISK_XATTRS_H
#define IMAGETOOL_DIFF_DISK_XATTRS_H

#include "imagetool/diff/ftree.h"

/* Whose attributes are overlayfs's own depends on how it was mounted; the others are anybody's. */
#define MARKS_TRUSTED 1U /* trusted.overlay. */
#define MARKS_USER    2U /* user.overlay. */

/* What overlayfs's own attributes say of a file of its upper directory. */
struct disk_marks {
	unsigned kinds; /* the caller's: which to read, MARKS_... */
	bool opaque, redirect, metacopy, whiteout;
};

/* Fill i->xattrs, without those of overlayfs and of the machine.  `marks` NULL: not an upper
 * directory.  Returns 1, or 0 when the file is gone. */
int disk_xattrs(int dirfd, const char *name, struct arena *a, struct inode *i,
		struct disk_marks *marks, struct err *e);

/* Is it one that layers hold and trees are compared by? */
bool disk_xattr_counts(const char *name);

#endif
