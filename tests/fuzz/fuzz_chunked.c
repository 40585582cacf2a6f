/* SPDX-License-Identifier: Apache-2.0 */
/* The table of contents of a zstd:chunked layer, and where it is said to be: the first byte says
 * which of the two follows. */
#include <stdint.h>
#include <stdlib.h>

#include "imagetool/chunked/toc.h"
#include "libutil/alloc.h"

#define TAIL ((int64_t)1 << 40)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_position(const char *text)
{
	struct chunked_position p;

	if (chunked_position_parse(text, TAIL, &p, NULL) < 0)
		return;
	if (p.tail <= 0 || p.toc_len <= 0 || p.toc + p.toc_len > TAIL ||
	    p.toc_plain > CHUNKED_TOC_MAX)
		abort();
}

/* Whatever it says, the pieces cover the blob. */
static void check_toc(const char *text, size_t len)
{
	auto_(chunked_toc) struct chunked_toc toc = { 0 };
	struct err e = { 0 };
	int64_t at = 0;
	int r = chunked_toc_parse(text, len, TAIL, &toc, &e);

	if (r < 0 && (!e.code || toc.n))
		abort();
	for (size_t i = 0; i < toc.n; i++) {
		if (toc.pieces[i].offset != at || toc.pieces[i].len <= 0)
			abort();
		at += toc.pieces[i].len;
	}
	if (r >= 0 && at != TAIL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = NULL;

	if (size == 0)
		return 0;
	text = xcalloc(size, 1);
	memcpy(text, data + 1, size - 1);
	if (data[0] == 'p')
		check_position(text);
	else
		check_toc(text, size - 1);
	return 0;
}
