/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/chunked/stargz_tail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "imagetool/chunked/stargz.h"
#include "imagetool/layer/entry_path.h"
#include "imagetool/tar/write_header.h"

#define FILE_MODE        0644
#define LANDMARK_CONTENT "\x0f"
/* Two blocks of zeros. */
#define ARCHIVE_END_BYTES ((size_t)2 * TAR_BLOCK)
/* What the place of an entry takes in the table. */
#define PLACE_LEN 32
/* What else there is of the stream where the table is: header, padding, the end. */
#define FRAME_LEN ((size_t)4096)

bool stargz_is_own(const char *name)
{
	static const char *const own[] = { STARGZ_TABLE_NAME, STARGZ_PREFETCH, STARGZ_NO_PREFETCH };
	struct entry_path path;

	if (entry_path_parse(name, &path, NULL) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (streq(path.text, own[i]))
			return true;
	return false;
}

/* ---- The landmark ---- */

static struct tar_entry file_of(const char *name, size_t size)
{
	return (struct tar_entry){
		.type = TAR_FILE,
		.name = name,
		.link = "",
		.mode = FILE_MODE,
		.size = (int64_t)size,
	};
}

/* Nothing is to be had first: who made the order of the files did not think of it.  The spec wants
 * to be told so. */
static int write_landmark(struct table *t, struct compress *to, struct err *e)
{
	static const uint8_t content[TAR_BLOCK] = LANDMARK_CONTENT;
	const size_t size = sizeof(LANDMARK_CONTENT) - 1;
	const struct tar_entry n = file_of(STARGZ_NO_PREFETCH, size);
	auto_(strbuf) struct strbuf header = { 0 };
	struct table_part part = { .len = (int64_t)size };
	int r = tar_header_write(&n, &header, e);

	if (r >= 0)
		r = compress_write(to, header.data, header.len, e);
	if (r >= 0)
		r = compress_cut(to, &part.frame, e);
	if (r >= 0)
		r = compress_write(to, content, sizeof(content), e);
	digest_of(DIGEST_SHA256, content, size, part.digest);
	if (r >= 0)
		table_entry(t, &n, part.digest, &part, 1, 0);
	return r;
}

/* ---- The table ---- */

static void add_text(void *ctx, const void *data, size_t len)
{
	strbuf_add(ctx, data, len);
}

static void add_zeros(struct strbuf *out, size_t len)
{
	static const char zeros[TAR_BLOCK];

	for (size_t n; len; len -= n) {
		n = len < sizeof(zeros) ? len : sizeof(zeros);
		strbuf_add(out, zeros, n);
	}
}

/* The end of the stream: the table as a file, and the archive's end. */
static int make_end(const struct table *t, const struct compress *to, struct strbuf *out,
		    char ret_digest[DIGEST_TEXT_SIZE], struct err *e)
{
	auto_(strbuf) struct strbuf json = { .max = (size_t)CHUNKED_TOC_MAX };
	struct tar_entry n;
	int r;

	table_json(t, to, (struct table_text){ add_text, &json });
	strbuf_addc(&json, '}');
	r = strbuf_check(&json, "table of contents", e);
	if (r < 0)
		return r;
	digest_of(DIGEST_SHA256, json.data, json.len, ret_digest);
	n = file_of(STARGZ_TABLE_NAME, json.len);
	r = tar_header_write(&n, out, e);
	strbuf_add(out, json.data, json.len);
	add_zeros(out, -json.len % TAR_BLOCK + ARCHIVE_END_BYTES);
	return r < 0 ? r : strbuf_check(out, "table of contents", e);
}

/* A gzip member that holds nothing but an extra field. */
static int append_footer(int64_t toc, struct compress *to, struct err *e)
{
	static const uint8_t head[] = { 0x1f, 0x8b, 8,  4, 0,   0,   0,  0,
					0,    0xff, 26, 0, 'S', 'G', 22, 0 };
	static const uint8_t end[] = { 1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0 };
	char field[24];
	int len = snprintf(field, sizeof(field), "%016" PRIx64 "STARGZ", (uint64_t)toc);
	int r = compress_append(to, head, sizeof(head), e);

	if (r >= 0)
		r = compress_append(to, field, (size_t)len, e);
	return r < 0 ? r : compress_append(to, end, sizeof(end), e);
}

/* One member, since readers of the table look no further. */
static int write_table(struct table *t, struct compress *to, struct chunked_annotations *ret,
		       struct err *e)
{
	auto_(strbuf) struct strbuf end = { 0 };
	char digest[DIGEST_TEXT_SIZE];
	int64_t toc = compress_size(to);
	int r = make_end(t, to, &end, digest, e);

	if (r >= 0)
		r = compress_frame(to, end.data, end.len, e);
	if (r >= 0)
		r = append_footer(toc, to, e);
	if (r >= 0)
		memcpy(ret->stargz, digest, sizeof(ret->stargz));
	return r;
}

static bool fits(const struct table *t)
{
	return t->texts.len + t->n * PLACE_LEN < (size_t)CHUNKED_TOC_MAX - FRAME_LEN;
}

int stargz_tail_write(struct table *t, struct compress *to, struct chunked_annotations *ret,
		      struct err *e)
{
	static const uint8_t archive_end[ARCHIVE_END_BYTES];
	int r;

	if (!fits(t)) {
		t->refused = "it has too many files";
		return compress_write(to, archive_end, sizeof(archive_end), e);
	}
	r = write_landmark(t, to, e);
	if (r >= 0)
		r = compress_flush(to, e);
	return r < 0 ? r : write_table(t, to, ret, e);
}
