/* SPDX-License-Identifier: Apache-2.0 */
/* A file's content without its holes, while it may change under us. */
#ifndef IMAGETOOL_DIFF_FILE_PIECES_H
#define IMAGETOOL_DIFF_FILE_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/err.h"

typedef int file_piece_fn(void *ctx, int64_t offset, const void *data, size_t len, struct err *e);

/* Pieces ascend.  At most `max` bytes are read, and *ret_size says where the file ended, or `max`;
 * between the last piece and there is a hole. */
int file_pieces(int fd, int64_t max, file_piece_fn *fn, void *ctx, int64_t *ret_size,
		struct err *e);

#endif
