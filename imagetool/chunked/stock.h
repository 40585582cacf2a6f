/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store has of layers whose parts can be told apart: the pieces of all such
 * blobs, to be found by what they are.  Bounded: what is beyond is fetched again.
 */
#ifndef IMAGETOOL_CHUNKED_STOCK_H
#define IMAGETOOL_CHUNKED_STOCK_H

#include "imagetool/chunked/toc.h"
#include "imagetool/store/store.h"

#define CHUNKED_BLOBS_MAX  64
#define CHUNKED_PIECES_MAX ((size_t)512 << 10)

struct chunked_stock;

struct chunked_stock *chunked_stock_new(struct store *s) MALLOC_LIKE;
void chunked_stock_free(struct chunked_stock *k);
AUTO_DEFINE(chunked_stock, chunked_stock_free)

/* Take up a layer that the store has, by its descriptor.  What can't be read is left out: it is
 * only missed.  Returns whether there is room for more. */
bool chunked_stock_add(struct chunked_stock *k, const struct image_descriptor *layer);
size_t chunked_stock_size(const struct chunked_stock *k);

struct chunked_found {
	size_t blob; /* for chunked_stock_read() */
	int64_t offset;
	size_t piece; /* of the stock; the next is looked for behind it first */
};
#define CHUNKED_NOWHERE SIZE_MAX
/* `after` is the piece that was found before, or CHUNKED_NOWHERE. */
bool chunked_stock_find(const struct chunked_stock *k, const struct chunked_piece *p, size_t after,
			struct chunked_found *ret);

/* At most `len` bytes; returns how many. */
int chunked_stock_read(const struct chunked_stock *k, size_t blob, int64_t offset, void *buf,
		       size_t len, struct err *e);

#endif
