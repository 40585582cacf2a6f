/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things go in an image that is written from its beginning to its end.
 *
 * Blocks are handed out in order; those of the last megabyte are in memory and
 * written together.  Inodes with what stands behind them share blocks: some
 * blocks stay open for them until their megabyte is written, and each goes where
 * it leaves the least.
 */
#ifndef IMAGETOOL_EROFS_SPACE_H
#define IMAGETOOL_EROFS_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include "imagetool/erofs/format.h"
#include "libutil/cleanup.h"
#include "libutil/err.h"

#define SPACE_WINDOW   ((size_t)1 << 20)
#define SPACE_OPEN_MAX 8 /* blocks that take inodes */
#define SPACE_TAIL_MAX (EROFS_BLOCK - EROFS_SLOT)

struct space_open {
	uint64_t at;   /* offset of the block; 0: none */
	uint32_t used; /* bytes of it */
};

struct space {
	int fd;          /* borrowed */
	uint64_t end;    /* of what was handed out, a multiple of the block */
	uint64_t window; /* offset of buf[0] */
	uint8_t *buf;    /* what is not written yet: [window, end), the rest of it is 0 */
	struct space_open open[SPACE_OPEN_MAX];
};

/* The first block is kept for the superblock. */
void space_init(struct space *s, int fd);
void space_done(struct space *s);
AUTO_DEFINE_DONE(space, space_done)

/* Blocks for `bytes` of data, next to one another.  *ret is their offset. */
int space_blocks(struct space *s, uint64_t bytes, uint64_t *ret, struct err *e);
/* Room for `head` bytes and `tail` bytes behind them, at an offset that is a multiple of a slot;
 * the tail (SPACE_TAIL_MAX at most) does not reach across a block's end.  A head may. */
int space_slot(struct space *s, size_t head, size_t tail, uint64_t *ret, struct err *e);
/* Put bytes where something was handed out, whether it is in memory still or not. */
int space_write(struct space *s, uint64_t at, const void *data, size_t len, struct err *e);
/* What was put there, or zeros. */
int space_read(const struct space *s, uint64_t at, void *ret, size_t len, struct err *e);
/* Write what is in memory; the file gets its size. */
int space_flush(struct space *s, struct err *e);

#endif
