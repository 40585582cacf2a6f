/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory that appears complete or not at all.  It is made as a temporary
 * sibling of mode 0700 and renamed when it is ready.  The maker holds a lock on
 * the temporary: one that can be locked has lost its maker, and whoever stages
 * something beside it next removes it.
 */
#ifndef IMAGETOOL_UNPACK_STAGING_H
#define IMAGETOOL_UNPACK_STAGING_H

#include "libutil/cleanup.h"
#include "libutil/err.h"

#define STAGING_PREFIX ".creel-image-"

struct staging {
	int parentfd; /* -1: nothing is staged */
	char *target; /* name below parentfd */
	char *temp;   /* likewise; NULL once it is gone */
	int fd;       /* of the temporary, locked */
};
#define STAGING_INIT                                                                               \
	{                                                                                          \
		.parentfd = -1, .fd = -1                                                           \
	}

/* `dir` must be missing, or be an empty directory; its parent must exist. */
int staging_begin(const char *dir, struct staging *ret, struct err *e);
/* The temporary, or its directory `member`, becomes `dir`. */
int staging_commit(struct staging *s, const char *member, struct err *e);
/* Removes what was not committed. */
void staging_done(struct staging *s);
AUTO_DEFINE_DONE(staging, staging_done)

/* The same for a file where that can be: without a name before, and on the disk when it gets one.
 * Directories are not synced: they can be made again, and it would cost more than the unpacking. */
struct staging_file {
	int fd;     /* to write to */
	char *path; /* NULL: what is there is written to as it is, a pipe or device */
	char *temp; /* name beside `path` that is removed unless committed; NULL: none yet */
};
#define STAGING_FILE_INIT                                                                          \
	{                                                                                          \
		.fd = -1                                                                           \
	}

int staging_file_begin(const char *path, struct staging_file *ret, struct err *e);
int staging_file_commit(struct staging_file *f, struct err *e);
void staging_file_done(struct staging_file *f);
AUTO_DEFINE_DONE(staging_file, staging_file_done)

#endif
