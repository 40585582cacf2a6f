/* SPDX-License-Identifier: Apache-2.0 */
/* Rename a directory of ours to another parent, whatever its mode. */
#ifndef IMAGETOOL_UNPACK_MOVE_DIR_H
#define IMAGETOOL_UNPACK_MOVE_DIR_H

#include "libutil/err.h"

/* The kernel wants write permission on a directory that changes its parent (its ".." changes),
 * which a root file system of mode 0555 does not give to who is not root. */
int move_dir(int fromfd, const char *from, int tofd, const char *to, struct err *e);

#endif
