/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output that somebody has not taken yet.  One copy serves all: each reader
 * remembers how far it is in the stream of everything that was ever added, and
 * what all have behind them is forgotten.  Pure.
 */
#ifndef SHIM_IO_BACKLOG_H
#define SHIM_IO_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/io/stream.h"

struct backlog_batch;

struct backlog {
	struct backlog_batch *first, *last;
	uint64_t begin, end; /* positions: of the first byte that is kept, behind the last */
};

/* At most STREAM_PIECE_MAX bytes of one stream, which point into the backlog. */
struct backlog_piece {
	enum stream tag;
	const char *data;
	size_t len;
};

void backlog_done(struct backlog *b);
static inline bool backlog_is_empty(const struct backlog *b)
{
	return b->begin == b->end;
}
void backlog_add(struct backlog *b, enum stream tag, const char *data, size_t len);
/* What is at a position from begin to end; false at the end. */
bool backlog_at(const struct backlog *b, uint64_t at, struct backlog_piece *ret);
/* Whole batches before `until` go. */
void backlog_forget(struct backlog *b, uint64_t until);

#endif
