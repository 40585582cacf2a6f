/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"

struct backlog_batch {
	struct backlog_batch *next;
	enum stream tag;
	size_t len;
	char data[];
};

void backlog_add(struct backlog *b, enum stream tag, const char *data, size_t len)
{
	struct backlog_batch *batch = xcalloc(1, sizeof(*batch) + len);

	batch->tag = tag;
	batch->len = len;
	memcpy(batch->data, data, len);
	if (b->last)
		b->last->next = batch;
	else
		b->first = batch;
	b->last = batch;
	b->end += len;
}

bool backlog_at(const struct backlog *b, uint64_t at, struct backlog_piece *ret)
{
	uint64_t from = b->begin;

	for (const struct backlog_batch *i = b->first; i; from += i->len, i = i->next) {
		size_t skip;

		if (at >= from + i->len)
			continue;
		skip = (size_t)(at - from);
		*ret = (struct backlog_piece){
			.tag = i->tag,
			.data = i->data + skip,
			.len = i->len - skip < STREAM_PIECE_MAX ? i->len - skip : STREAM_PIECE_MAX,
		};
		return true;
	}
	return false;
}

void backlog_forget(struct backlog *b, uint64_t until)
{
	while (b->first && b->begin + b->first->len <= until) {
		struct backlog_batch *gone = b->first;

		b->begin += gone->len;
		b->first = gone->next;
		if (!b->first)
			b->last = NULL;
		free(gone);
	}
}

void backlog_done(struct backlog *b)
{
	backlog_forget(b, b->end);
}
