/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/chunked/stargz.h"

#include <errno.h>
#include <string.h>

#include "imagetool/tar/read.h"
#include "libutil/macro.h"

/* ---- The footer ---- */

/* Before the offset: a gzip header with an extra field of 26 bytes, which is a subfield "SG" of 22.
 * Time and system, bytes 4 to 9, are the compressor's. */
#define OFFSET_AT     16
#define OFFSET_DIGITS 16
#define MAGIC_AT      (OFFSET_AT + OFFSET_DIGITS)
static const uint8_t gzip_start[] = { 0x1f, 0x8b, 8, 4 };
static const uint8_t extra_start[] = { 26, 0, 'S', 'G', 22, 0 };
#define EXTRA_AT 10
static const char magic[] = { 'S', 'T', 'A', 'R', 'G', 'Z' };

static bool is_footer(const uint8_t *p)
{
	return memcmp(p, gzip_start, sizeof(gzip_start)) == 0 &&
	       memcmp(p + EXTRA_AT, extra_start, sizeof(extra_start)) == 0 &&
	       memcmp(p + MAGIC_AT, magic, sizeof(magic)) == 0;
}

/* -1 when it is not in hexadecimal, or more than any blob has. */
static int64_t read_offset(const uint8_t *p)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t n = 0;

	for (size_t i = 0; i < OFFSET_DIGITS; i++) {
		const char *digit = p[i] ? strchr(digits, p[i]) : NULL;

		if (!digit)
			return -1;
		n = n << 4 | (uint64_t)(digit - digits);
	}
	return n > INT64_MAX ? -1 : (int64_t)n;
}

int stargz_footer(const uint8_t *footer, int64_t size, struct chunked_position *p, struct err *e)
{
	int64_t offset;

	if (!is_footer(footer))
		return err_set(e, EBADMSG, "the layer has no eStargz footer");
	offset = read_offset(footer + OFFSET_AT);
	if (offset <= 0 || offset >= size - STARGZ_FOOTER)
		return err_set(e, EBADMSG,
			       "the table of contents lies outside the blob, says its footer");
	if (size - offset > CHUNKED_TAIL_MAX)
		return err_set(e, E2BIG, "the table of contents at byte %lld is too large",
			       (long long)offset);
	p->tail = p->toc = offset;
	p->toc_len = size - STARGZ_FOOTER - offset;
	p->toc_plain = CHUNKED_TOC_MAX;
	return 0;
}

/* ---- The table ---- */

struct memory {
	const uint8_t *data;
	size_t len;
};

/* In pieces whose length an int holds. */
static int next_piece(void *ctx, const uint8_t **ret, struct err *e UNUSED)
{
	struct memory *m = ctx;
	size_t len = m->len < (1 << 20) ? m->len : (1 << 20);

	*ret = m->data;
	m->data += len;
	m->len -= len;
	return (int)len;
}

static int read_file(struct tar_reader *t, struct strbuf *ret, struct err *e)
{
	const uint8_t *data;
	int64_t offset;
	size_t len;
	int r;

	while ((r = tar_data(t, &data, &len, &offset, e)) > 0)
		strbuf_add(ret, data, len);
	return r;
}

int stargz_table(const void *stream, size_t len, struct strbuf *ret, struct err *e)
{
	struct memory m = { stream, len };
	auto_(tar_reader) struct tar_reader *t =
		tar_reader_new((struct tar_source){ .next = next_piece, .ctx = &m });
	struct tar_entry entry;
	int r = tar_next(t, &entry, e);

	if (r < 0)
		return r;
	if (r == 0 || entry.type != TAR_FILE || !streq(entry.name, STARGZ_TABLE_NAME))
		return err_set(e, EBADMSG, "no table of contents lies where the footer says");
	return read_file(t, ret, e);
}
