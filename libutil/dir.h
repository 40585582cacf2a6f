/* SPDX-License-Identifier: Apache-2.0 */
/* Directories: make, walk, remove.  Nothing here follows a symlink below the start. */
#ifndef LIBUTIL_DIR_H
#define LIBUTIL_DIR_H

#include <sys/stat.h>

#include "libutil/err.h"

/* mkdir -p for trusted paths; existing directories are fine.  Returns 0. */
int dir_make_all_at(int dirfd, const char *path, mode_t mode, struct err *e);

/* Open a directory (O_DIRECTORY|O_CLOEXEC).  Returns the descriptor. */
int dir_open_at(int dirfd, const char *path, struct err *e);

/* Remove a tree by descriptors, not crossing into mounts (-EXDEV).
 * A missing start is success.  Depth does not consume stack. */
int dir_remove_all_at(int dirfd, const char *name, struct err *e);

/* Call `fn` for each entry but "." and ".."; stops at the first value != 0 and returns it. */
typedef int dir_entry_fn(int dirfd, const char *name, unsigned char d_type, void *ctx,
			 struct err *e);
int dir_each(int dirfd, dir_entry_fn *fn, void *ctx, struct err *e);

/* Make a directory with a fresh random name `prefix`XXXXXXXX below dirfd.  *ret_name is owned. */
int dir_make_temp_at(int dirfd, const char *prefix, mode_t mode, char **ret_name, struct err *e);

#endif
