/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/chunked/write.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/chunked/stargz_tail.h"
#include "imagetool/chunked/zstd_tail.h"
#include "libutil/alloc.h"

/* Files up to WHOLE_MAX are one part. */
#define WHOLE_MAX ((int64_t)1 << 20)
#define PART_MIN  ((int64_t)128 << 10)
#define PART_MAX  ((int64_t)1 << 20)
/* A cut is where so many bits of the rolling hash are zero: every 256 KiB behind PART_MIN. */
#define CUT_MASK (((UINT64_C(1) << 18) - 1) << 46)
#define SEED     UINT64_C(0x9e3779b97f4a7c15)

/* The stream as it is read, kept until it is known what of it is whose. */
struct copying {
	enum chunked_form form;
	struct tar_source from;
	struct strbuf kept;
	size_t taken; /* of `kept` */
	int64_t at;   /* where in the stream the rest of `kept` begins */
	struct compress *to;
	struct table table;
	struct tar_reader *reader;
	uint64_t gear[256];
	/* The file that is being read. */
	struct table_part *parts; /* owned */
	size_t n_parts, cap_parts;
	struct digest *part_digest;
	uint64_t rolling;
	int64_t part_len;
	/* Of eStargz: so much of what follows fills up the last block of the file before, which is
	 * left out. */
	size_t padding;
	bool left_out;
};

static void copying_done(struct copying *c)
{
	tar_reader_free(c->reader);
	strbuf_done(&c->kept);
	table_done(&c->table);
	digest_free(c->part_digest);
	free(c->parts);
}
AUTO_DEFINE_DONE(copying, copying_done)

/* Any numbers do, but always the same. */
static void fill_gear(uint64_t gear[256])
{
	uint64_t x = SEED;

	for (size_t i = 0; i < 256; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		gear[i] = x;
	}
}

/* ---- The stream ---- */

/* The tar reader's next piece; it is done with those before. */
static int next(void *ctx, const uint8_t **ret, struct err *e)
{
	struct copying *c = ctx;
	int r = c->from.next(c->from.ctx, ret, e);

	if (r <= 0)
		return r;
	strbuf_consume(&c->kept, c->taken);
	c->taken = 0;
	strbuf_add(&c->kept, *ret, (size_t)r);
	if (strbuf_check(&c->kept, "headers of one entry", e) < 0)
		return -e->code;
	return r;
}

static int count_entry(void *ctx, struct err *e)
{
	struct copying *c = ctx;

	return c->from.entry ? c->from.entry(c->from.ctx, e) : 0;
}

static void take(struct copying *c, size_t len)
{
	c->taken += len;
	c->at += (int64_t)len;
}

/* What lies before byte `end`: headers and padding. */
static int write_gap(struct copying *c, int64_t end, struct err *e)
{
	const uint8_t *data = (const uint8_t *)c->kept.data + c->taken;
	size_t len = (size_t)(end - c->at);
	int r;

	if (!len)
		return 0;
	table_gap(&c->table, data, len);
	r = compress_write(c->to, data, len, e);
	take(c, len);
	return r;
}

/* ---- The content of a file ---- */

static int begin_part(struct copying *c, int64_t offset, struct err *e)
{
	struct table_part *part;

	if (c->n_parts == c->cap_parts) {
		c->cap_parts = c->cap_parts ? 2 * c->cap_parts : 16;
		c->parts = xreallocarray(c->parts, c->cap_parts, sizeof(*c->parts));
	}
	part = &c->parts[c->n_parts++];
	*part = (struct table_part){ .offset = offset };
	c->part_digest = digest_new(DIGEST_SHA256);
	c->part_len = 0;
	c->rolling = 0;
	return compress_cut(c->to, &part->frame, e);
}

static void end_part(struct copying *c)
{
	struct table_part *part = &c->parts[c->n_parts - 1];

	part->len = c->part_len;
	digest_final(c->part_digest, part->digest);
	digest_free(c->part_digest);
	c->part_digest = NULL;
}

/* How many of the bytes belong to the part that is open; *ret_cut: it ends behind them. */
static size_t part_of(struct copying *c, const uint8_t *data, size_t len, bool *ret_cut)
{
	uint64_t h = c->rolling;
	int64_t have = c->part_len;

	for (size_t i = 0; i < len; i++) {
		h = (h << 1) + c->gear[data[i]];
		have++;
		if (have >= PART_MAX || (have >= PART_MIN && !(h & CUT_MASK))) {
			*ret_cut = true;
			return i + 1;
		}
	}
	c->rolling = h;
	*ret_cut = false;
	return len;
}

static int write_content(struct copying *c, const uint8_t *data, size_t len, bool is_large,
			 int64_t *offset, struct err *e)
{
	int r = 0;

	while (len && r >= 0) {
		bool cut = false;
		size_t n;

		if (!c->part_digest)
			r = begin_part(c, *offset, e);
		if (r < 0)
			return r;
		n = is_large ? part_of(c, data, len, &cut) : len;
		digest_update(c->part_digest, data, n);
		r = compress_write(c->to, data, n, e);
		c->part_len += (int64_t)n;
		*offset += (int64_t)n;
		data += n;
		len -= n;
		if (cut)
			end_part(c);
	}
	return r;
}

static int copy_content(struct copying *c, const struct tar_entry *n, struct digest *all,
			size_t *ret_end, struct err *e)
{
	int64_t offset = 0, at;
	const uint8_t *data;
	size_t len;
	int r;

	while ((r = tar_data(c->reader, &data, &len, &at, e)) > 0) {
		digest_update(all, data, len);
		table_content(&c->table, data, len);
		r = write_content(c, data, len, n->size > WHOLE_MAX, &offset, e);
		if (r < 0)
			return r;
		take(c, len);
	}
	if (c->part_digest)
		end_part(c);
	/* In eStargz headers go with the content before them, as others write it. */
	return r < 0 || c->form == CHUNKED_STARGZ ? r : compress_cut(c->to, ret_end, e);
}

/* ---- What eStargz has of its own ---- */

/* It is here: the reader went past it. */
static int write_padding(struct copying *c, struct err *e)
{
	size_t len = c->padding;

	assert(len <= c->kept.len - c->taken);
	c->padding = 0;
	if (!c->left_out)
		return write_gap(c, c->at + (int64_t)len, e);
	take(c, len);
	return 0;
}

/* Its header has been read, it and the content go nowhere. */
static int leave_out(struct copying *c, int64_t begin, struct err *e)
{
	const uint8_t *data;
	int64_t at;
	size_t len;
	int r;

	take(c, (size_t)(begin - c->at));
	while ((r = tar_data(c->reader, &data, &len, &at, e)) > 0)
		take(c, len);
	return r;
}

/* What follows the last entry is made anew. */
static int end_archive(struct copying *c, struct chunked_annotations *ret, struct err *e)
{
	const uint8_t *data;
	int r = write_padding(c, e);

	if (r < 0)
		return r;
	do
		take(c, c->kept.len - c->taken);
	while ((r = next(c, &data, e)) > 0);
	return r < 0 ? r : stargz_tail_write(&c->table, c->to, ret, e);
}

/* ---- Entries ---- */

/* What a hard link names must be there. */
static int is_not_left_out(const struct tar_entry *n, struct err *e)
{
	if (n->type != TAR_HARDLINK || !stargz_is_own(n->link))
		return 0;
	return err_set(
		e, EINVAL,
		"write eStargz: '%.80s' is a hard link to '%.80s', whose name the format keeps "
		"for itself: choose zstd:chunked, gzip or zstd",
		n->name, n->link);
}

static int copy_entry(struct copying *c, const struct tar_entry *n, struct err *e)
{
	int64_t begin = tar_data_position(c->reader);
	bool has_content = n->type == TAR_FILE && n->size > 0 && begin >= 0;
	auto_(digest) struct digest *all = NULL;
	char text[DIGEST_TEXT_SIZE] = "";
	size_t end = 0;
	int r = 0;

	c->n_parts = 0;
	if (c->form == CHUNKED_STARGZ) {
		r = is_not_left_out(n, e);
		if (r >= 0)
			r = write_padding(c, e);
		c->left_out = begin >= 0 && stargz_is_own(n->name);
		c->padding = n->type == TAR_FILE ? (size_t)(-n->size & (TAR_BLOCK - 1)) : 0;
		if (r < 0 || c->left_out)
			return r < 0 ? r : leave_out(c, begin, e);
	}
	if (begin >= 0)
		r = write_gap(c, begin, e);
	if (r >= 0 && has_content) {
		all = digest_new(DIGEST_SHA256);
		r = copy_content(c, n, all, &end, e);
		digest_final(all, text);
	}
	if (r >= 0)
		table_entry(&c->table, n, text, c->parts, c->n_parts, end);
	return r;
}

/* Behind the archive there may be any number of zeros. */
static int copy_rest(struct copying *c, struct err *e)
{
	const uint8_t *data;
	int r;

	do
		r = write_gap(c, c->at + (int64_t)(c->kept.len - c->taken), e);
	while (r >= 0 && (r = next(c, &data, e)) > 0);
	return r;
}

static int end_stream(struct copying *c, struct chunked_annotations *ret, struct err *e)
{
	int r;

	if (c->form == CHUNKED_STARGZ && !c->table.refused)
		return end_archive(c, ret, e);
	r = copy_rest(c, e);
	if (r >= 0)
		r = compress_flush(c->to, e);
	return r < 0 || c->table.refused ? r : zstd_tail_write(&c->table, c->to, ret, e);
}

int chunked_write(enum chunked_form form, struct tar_source from, struct compress *to,
		  struct chunked_annotations *ret, const char **ret_refused, struct err *e)
{
	auto_(copying) struct copying c = { .form = form, .from = from, .to = to };
	struct tar_entry n;
	int r = 0;

	*ret = (struct chunked_annotations){ 0 };
	fill_gear(c.gear);
	table_init(&c.table, form);
	c.reader = tar_reader_new(
		(struct tar_source){ .next = next, .ctx = &c, .entry = count_entry });
	/* Without a table the rest is only copied. */
	while (!c.table.refused && (r = tar_next(c.reader, &n, e)) > 0) {
		r = copy_entry(&c, &n, e);
		if (r < 0)
			return r;
	}
	if (r >= 0)
		r = end_stream(&c, ret, e);
	*ret_refused = c.table.refused;
	return r;
}
