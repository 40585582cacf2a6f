/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/chunked/zstd_tail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SKIPPABLE_MAGIC UINT32_C(0x184d2a50)
#define FOOTER_MAGIC    "GNUlInUx"
#define FOOTER_NUMBERS  7

static void put_le(uint8_t *to, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(v >> (8 * i));
}

static int append_frame(struct compress *to, const void *data, size_t len, struct err *e)
{
	uint8_t head[CHUNKED_FRAME_HEADER];
	int r;

	put_le(head, SKIPPABLE_MAGIC, 4);
	put_le(head + 4, len, 4);
	r = compress_append(to, head, sizeof(head), e);
	return r < 0 ? r : compress_append(to, data, len, e);
}

static void add_text(void *ctx, const void *data, size_t len)
{
	zstd_text_add(ctx, data, len);
}

static void end_toc(const char *split_digest, struct zstd_text *out)
{
	static const char key[] = ",\"tarSplitDigest\":\"";

	if (split_digest) {
		zstd_text_add(out, key, sizeof(key) - 1);
		zstd_text_add(out, split_digest, strlen(split_digest));
		zstd_text_add(out, "\"", 1);
	}
	zstd_text_add(out, "}", 1);
}

/* Table, tar-split, footer; `at` is where they begin. */
static int append_all(struct table *t, int64_t at, const struct zstd_text *toc, struct compress *to,
		      struct chunked_annotations *ret, struct err *e)
{
	uint64_t split_len = t->inexact ? 0 : t->split.out.len;
	uint64_t toc_at = (uint64_t)at + CHUNKED_FRAME_HEADER;
	uint64_t split_at = toc_at + toc->out.len + CHUNKED_FRAME_HEADER;
	const uint64_t numbers[FOOTER_NUMBERS] = {
		toc_at,
		toc->out.len,
		(uint64_t)toc->plain,
		CHUNKED_TYPE_CRFS,
		t->inexact ? 0 : split_at,
		split_len,
		t->inexact ? 0 : (uint64_t)t->split.plain,
	};
	uint8_t footer[FOOTER_NUMBERS * 8 + 8];
	int r = append_frame(to, toc->out.data, toc->out.len, e);

	for (size_t i = 0; i < FOOTER_NUMBERS; i++)
		put_le(footer + 8 * i, numbers[i], 8);
	memcpy(footer + (size_t)8 * FOOTER_NUMBERS, FOOTER_MAGIC, 8);
	if (r >= 0 && !t->inexact)
		r = append_frame(to, t->split.out.data, t->split.out.len, e);
	if (r >= 0)
		r = append_frame(to, footer, sizeof(footer), e);
	(void)snprintf(ret->position, sizeof(ret->position), "%" PRIu64 ":%zu:%" PRId64 ":%d",
		       toc_at, toc->out.len, toc->plain, CHUNKED_TYPE_CRFS);
	if (!t->inexact)
		(void)snprintf(ret->tarsplit, sizeof(ret->tarsplit), "%" PRIu64 ":%zu:%" PRId64,
			       split_at, t->split.out.len, t->split.plain);
	digest_of(DIGEST_SHA256, toc->out.data, toc->out.len, ret->checksum);
	return r;
}

int zstd_tail_write(struct table *t, struct compress *to, struct chunked_annotations *ret,
		    struct err *e)
{
	auto_(zstd_text) struct zstd_text toc = { 0 };
	char split[DIGEST_TEXT_SIZE];
	int r = zstd_text_end(&t->split, "tar-split record", e);

	if (r < 0)
		return r;
	digest_of(DIGEST_SHA256, t->split.out.data, t->split.out.len, split);
	table_json(t, to, (struct table_text){ add_text, &toc });
	end_toc(t->inexact ? NULL : split, &toc);
	r = zstd_text_end(&toc, "table of contents", e);
	if (r < 0)
		return r;
	return append_all(t, compress_size(to), &toc, to, ret, e);
}
