/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of contents of zstd:chunked and eStargz, and where they are said to be: the first byte
 * says which of them follows. */
#include <stdint.h>
#include <stdlib.h>

#include "imagetool/chunked/stargz.h"
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
static void check_toc(enum chunked_form form, const char *text, size_t len)
{
	auto_(chunked_toc) struct chunked_toc toc = { 0 };
	struct err e = { 0 };
	int64_t at = 0;
	int r = chunked_toc_parse(form, text, len, TAIL, &toc, &e);

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

static void check_footer(const uint8_t *data, size_t size)
{
	struct chunked_position p = { 0 };

	if (size < STARGZ_FOOTER || stargz_footer(data, TAIL, &p, NULL) < 0)
		return;
	if (p.tail <= 0 || p.toc != p.tail || p.toc_len <= 0 ||
	    p.toc + p.toc_len + STARGZ_FOOTER != TAIL)
		abort();
}

static void check_stream(const char *stream, size_t len)
{
	auto_(strbuf) struct strbuf text = { 0 };

	if (stargz_table(stream, len, &text, NULL) >= 0)
		check_toc(CHUNKED_STARGZ, strbuf_str(&text), text.len);
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
	else if (data[0] == 'f')
		check_footer((const uint8_t *)text, size - 1);
	else if (data[0] == 's')
		check_stream(text, size - 1);
	else
		check_toc(data[0] == 'g' ? CHUNKED_STARGZ : CHUNKED_ZSTD, text, size - 1);
	return 0;
}
