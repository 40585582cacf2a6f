/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of contents of a layer, as a list of pieces of the blob that covers it from
 * its first byte to the tail.  In zstd:chunked two kinds follow one another:
 *
 *   a file's content, or a part of it: known by the digest of what it decompresses to
 *   what lies between: the headers of entries, known by what the table says of them
 *
 * In eStargz both are one gzip member: the content, its padding, and the headers of what
 * follows up to the next file that has content.  The content's digest alone does not say
 * its bytes; with all that the table says of those entries, in order, it does, but for
 * what no table knows: the compressor, fractions of seconds, other records of PAX.
 *
 * A piece's key says what it should be, so that two blobs' pieces of the same key and
 * length can be taken for the same bytes.  The table is not trusted and need not be:
 * names in it are only hashed, and whoever puts a blob together by it has the blob's
 * own digest to compare.
 */
#ifndef IMAGETOOL_CHUNKED_TOC_H
#define IMAGETOOL_CHUNKED_TOC_H

#include <stddef.h>

#include "imagetool/chunked/position.h"
#include "libutil/cleanup.h"

struct chunked_piece {
	int64_t offset, len;
	uint64_t key; /* 0: like no other */
};

struct chunked_toc {
	struct chunked_piece *pieces; /* ascending, without gaps from byte 0; owned */
	size_t n, cap;
};
void chunked_toc_done(struct chunked_toc *t);
AUTO_DEFINE_DONE(chunked_toc, chunked_toc_done)

/* The table as JSON.  Refuses offsets that overlap, go backwards or reach beyond `tail`. */
int chunked_toc_parse(enum chunked_form form, const char *text, size_t len, int64_t tail,
		      struct chunked_toc *ret, struct err *e);
/* The compressed table (p->toc_len bytes, not 0): its digest is compared, its size is bounded. */
int chunked_toc_read(const struct chunked_position *p, const void *data, struct chunked_toc *ret,
		     struct err *e);

#endif
