/* SPDX-License-Identifier: Apache-2.0 */
/* Change what a directory of a finished image is like. */
#ifndef IMAGETOOL_EROFS_PATCH_H
#define IMAGETOOL_EROFS_PATCH_H

#include <sys/stat.h>

#include "libutil/err.h"

/* `ino` is what stat(2) says of a directory that erofs_result called implied; `like` has the
 * attributes it gets.  1, or 0 when there is no such directory at that place. */
int erofs_patch_dir(int fd, ino_t ino, const struct stat *like, struct err *e);

#endif
