/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modes and times of the directories a layer touches.  Making a file in a
 * directory changes the directory's time, so times are set when the layer is
 * complete: the ones the layer states, else the ones the directory had.
 */
#ifndef IMAGETOOL_LAYER_DIR_TIMES_H
#define IMAGETOOL_LAYER_DIR_TIMES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "libutil/err.h"

struct dir_time {
	char *path; /* below the root; owned */
	ino_t ino;
	struct timespec mtime;
	mode_t mode;
	bool done;     /* the time is set, and nothing was made in it since */
	bool stale;    /* of another directory that had this number */
	bool set_mode; /* the mode has to be set, too: it was widened for the time being */
};

struct dir_times {
	struct dir_time *rows;
	size_t n, cap;
	size_t *slots; /* by inode; row number + 1, 0 is free */
	size_t n_slots;
	bool doubted; /* something was changed in directories that were not entered */
};

/* The row of this inode; made from `st` when it is new (*ret_new), valid until the next call. */
struct dir_time *dir_times_get(struct dir_times *d, const char *path, size_t path_len,
			       const struct stat *st, bool *ret_new);

/* A directory was made: what is known about one that was removed and had its number is void. */
void dir_times_made(struct dir_times *d, ino_t ino);

/* Set everything, deepest first, and forget it.  What is no longer there is passed over. */
int dir_times_apply(struct dir_times *d, int rootfd, struct err *e);
void dir_times_done(struct dir_times *d);

#endif
