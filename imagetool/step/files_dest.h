/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in the root files are put.  Symlinks of the root lead there, as if the root were "/"; what
 * is missing on the way is made.  Everything is opened, not looked at and named again.
 */
#ifndef IMAGETOOL_STEP_FILES_DEST_H
#define IMAGETOOL_STEP_FILES_DEST_H

#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"

/* Of directories that are made. */
struct made_dirs {
	mode_t mode;
	bool chown;
	uid_t uid;
	gid_t gid;
};

/* The directory `path`, with what is missing of it; a descriptor that can be read and given
 * attributes. */
int dest_make_dirs(int rootfd, const char *path, const struct made_dirs *made, struct err *e);

struct dest {
	int dirfd;  /* owned: the directory that it is in; of a directory: itself */
	char *name; /* owned: in it; NULL: it is the directory `dirfd` */
	bool there; /* something has that name */
};

void dest_done(struct dest *d);
AUTO_DEFINE_DONE(dest, dest_done)

/* Find `path`; the directories it lies in are made, itself not.  A symlink at its end is followed,
 * also to what is not there. */
int dest_find(int rootfd, const char *path, const struct made_dirs *made, struct dest *ret,
	      struct err *e);

#endif
