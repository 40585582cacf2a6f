/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/chunked/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/layer/entry_path.h"
#include "imagetool/tar/header.h"
#include "libutil/alloc.h"
#include "libutil/base64.h"
#include "libutil/json.h"
#include "libutil/parse.h"
#include "libutil/utf8.h"

#define CRC64_ISO UINT64_C(0xd800000000000000)
/* Where GNU's headers have times that the table would have to say. */
#define GNU_TIMES_AT  345
#define GNU_TIMES_LEN 24

void table_init(struct table *t, enum chunked_form form)
{
	*t = (struct table){ .form = form };
	if (form != CHUNKED_ZSTD)
		return;
	for (size_t i = 0; i < 256; i++) {
		uint64_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC64_ISO : 0);
		t->crc_of[i] = crc;
	}
}

void table_done(struct table *t)
{
	strbuf_done(&t->texts);
	free(t->items);
	digest_set_done(&t->names);
	zstd_text_done(&t->split);
}

/* ---- tar-split ---- */

enum { RECORD_FILE = 1, RECORD_SEGMENT = 2 };

static void add_record(struct table *t, const struct tar_entry *n, const uint8_t *payload,
		       size_t len)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(strbuf) struct strbuf line = { 0 };
	struct json_writer w = { .out = &line };

	json_object(&w);
	json_kv_i64(&w, "type", n ? RECORD_FILE : RECORD_SEGMENT);
	if (n)
		json_kv_string(&w, "name", n->name);
	if (n && n->type == TAR_FILE && n->size)
		json_kv_i64(&w, "size", n->size);
	base64_add(&text, payload, len);
	json_key(&w, "payload");
	if (len)
		json_string(&w, strbuf_str(&text));
	else
		json_null(&w);
	json_kv_i64(&w, "position", t->records++);
	json_object_end(&w);
	strbuf_addc(&line, '\n');
	zstd_text_add(&t->split, line.data, line.len);
}

/* The names of times in a PAX header.  Also where they are part of something else: then tar-split
 * is missing, and nothing is wrong. */
static bool has_pax_times(const uint8_t *data, size_t len)
{
	return memmem(data, len, " atime=", 7) || memmem(data, len, " ctime=", 7);
}

/* What Go's readers see in a header and the table does not say. */
static bool says_more(const uint8_t *data, size_t len)
{
	const uint8_t *block = data + len - TAR_BLOCK;
	int64_t mode;

	if (len < TAR_BLOCK)
		return false;
	if (tar_number(block + TAR_AT_MODE, TAR_LEN_MODE, &mode) < 0 || mode & ~07777)
		return true;
	if (memcmp(block + TAR_AT_MAGIC, "ustar  ", 7) == 0)
		for (size_t i = 0; i < GNU_TIMES_LEN; i++)
			if (block[GNU_TIMES_AT + i])
				return true;
	return has_pax_times(data, len);
}

void table_gap(struct table *t, const uint8_t *data, size_t len)
{
	/* Long runs are zeros behind the archive. */
	const size_t most = (size_t)4 << 20;

	if (t->form != CHUNKED_ZSTD)
		return;
	t->inexact = t->inexact || says_more(data, len);
	for (size_t n; len && !t->refused; data += n, len -= n) {
		n = len < most ? len : most;
		add_record(t, NULL, data, n);
	}
}

void table_content(struct table *t, const uint8_t *data, size_t len)
{
	uint64_t crc = ~t->crc;

	if (t->form != CHUNKED_ZSTD)
		return;
	for (size_t i = 0; i < len; i++)
		crc = crc >> 8 ^ t->crc_of[(uint8_t)crc ^ data[i]];
	t->crc = ~crc;
}

static void add_file_record(struct table *t, const struct tar_entry *n)
{
	uint8_t sum[8];

	for (int i = 0; i < 8; i++)
		sum[i] = (uint8_t)(t->crc >> (56 - 8 * i));
	add_record(t, n, sum, n->type == TAR_FILE && n->size ? sizeof(sum) : 0);
	t->crc = 0;
}

/* ---- The table ---- */

static const char *const types[] = {
	[TAR_FILE] = "reg",  [TAR_HARDLINK] = "hardlink",  [TAR_SYMLINK] = "symlink",
	[TAR_CHAR] = "char", [TAR_BLOCK_DEVICE] = "block", [TAR_DIR] = "dir",
	[TAR_FIFO] = "fifo",
};

static void put_xattrs(struct json_writer *w, const struct tar_entry *n)
{
	json_key(w, "xattrs");
	json_object(w);
	for (size_t i = 0; i < n->n_xattrs; i++) {
		auto_(strbuf) struct strbuf text = { 0 };

		base64_add(&text, n->xattrs[i].value, n->xattrs[i].len);
		json_kv_string(w, n->xattrs[i].name, strbuf_str(&text));
	}
	json_object_end(w);
}

static void put_number(struct json_writer *w, const char *key, int64_t v, bool also_zero)
{
	if (v || also_zero)
		json_kv_i64(w, key, v);
}

/* Fractions of seconds where there are any: eStargz's readers expect few. */
static void put_time(const struct table *t, struct json_writer *w, struct timespec time)
{
	char text[TIME_TEXT_SIZE];
	char *fraction;

	(void)time_text(time, text);
	fraction = strchr(text, '.');
	if (t->form == CHUNKED_STARGZ && time.tv_nsec == 0 && fraction)
		memcpy(fraction, "Z", sizeof("Z"));
	json_kv_string(w, "modtime", text);
}

/* eStargz wants owners and modes also where they are 0, and the numbers of devices. */
static void put_entry(const struct table *t, struct json_writer *w, const struct tar_entry *n)
{
	bool all = t->form == CHUNKED_STARGZ;
	bool device = n->type == TAR_CHAR || n->type == TAR_BLOCK_DEVICE;

	json_kv_string(w, "type", types[n->type]);
	json_kv_string(w, "name", n->name);
	if (*n->link)
		json_kv_string(w, "linkName", n->link);
	put_number(w, "mode", n->mode, all);
	put_number(w, "size", n->type == TAR_FILE ? n->size : 0, false);
	put_number(w, "uid", n->uid, all);
	put_number(w, "gid", n->gid, all);
	put_time(t, w, n->mtime);
	put_number(w, "devMajor", n->major, all && device);
	put_number(w, "devMinor", n->minor, all && device);
	if (n->n_xattrs)
		put_xattrs(w, n);
}

/* In eStargz the last part's size is not said: it is what remains. */
static void put_part(const struct table *t, struct json_writer *w, const struct table_part *part,
		     bool is_last)
{
	if (!is_last || t->form == CHUNKED_ZSTD)
		put_number(w, "chunkSize", part->len, false);
	put_number(w, "chunkOffset", part->offset, false);
	json_kv_string(w, "chunkDigest", part->digest);
}

/* Without the last brace: where it lies comes before it. */
static struct table_item *end_item(struct table *t)
{
	strbuf_truncate(&t->texts, t->texts.len ? t->texts.len - 1 : 0);
	if (strbuf_check(&t->texts, "table", NULL) < 0)
		t->refused = "it has too many files";
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 256;
		t->items = xreallocarray(t->items, t->cap, sizeof(*t->items));
	}
	t->items[t->n] = (struct table_item){ .text_end = t->texts.len };
	return &t->items[t->n++];
}

static void put_parts(struct table *t, const struct tar_entry *n, const struct table_part *parts,
		      size_t n_parts)
{
	for (size_t i = 1; i < n_parts; i++) {
		struct json_writer w = { .out = &t->texts };
		struct table_item *item;

		json_object(&w);
		json_kv_string(&w, "type", "chunk");
		json_kv_string(&w, "name", n->name);
		put_part(t, &w, &parts[i], i == n_parts - 1);
		json_object_end(&w);
		item = end_item(t);
		item->has_content = true;
		item->frame = parts[i].frame;
	}
}

static bool is_text(const char *s)
{
	return utf8_span(s, strlen(s)) == strlen(s);
}

/* "./a" and "a" are the same file to whoever reads the table. */
static bool add_name(struct table *t, const char *name)
{
	struct entry_path path;

	return digest_set_add(&t->names,
			      entry_path_parse(name, &path, NULL) < 0 ? name : path.text);
}

static const char *why_not(struct table *t, const struct tar_entry *n)
{
	if (!is_text(n->name) || !is_text(n->link))
		return "a name is not UTF-8";
	if (n->sparse)
		return "it has sparse files";
	if (!add_name(t, n->name))
		return "it has a name twice";
	for (size_t i = 0; i < n->n_xattrs; i++)
		if (!is_text(n->xattrs[i].name))
			return "the name of an extended attribute is not UTF-8";
	return NULL;
}

void table_entry(struct table *t, const struct tar_entry *n, const char *digest,
		 const struct table_part *parts, size_t n_parts, size_t end_frame)
{
	struct json_writer w = { .out = &t->texts };
	struct table_item *item;

	if (!t->refused)
		t->refused = why_not(t, n);
	if (t->refused)
		return;
	if (t->form == CHUNKED_ZSTD)
		add_file_record(t, n);
	json_object(&w);
	put_entry(t, &w, n);
	if (n_parts) {
		json_kv_string(&w, "digest", digest);
		if (n_parts > 1 || t->form == CHUNKED_STARGZ)
			put_part(t, &w, &parts[0], n_parts == 1);
	}
	json_object_end(&w);
	item = end_item(t);
	if (n_parts) {
		item->has_content = true;
		item->has_end = t->form == CHUNKED_ZSTD;
		item->frame = parts[0].frame;
		item->end_frame = end_frame;
	}
	put_parts(t, n, parts, n_parts);
}

/* ---- The text ---- */

void table_json(const struct table *t, const struct compress *to, struct table_text out)
{
	static const char head[] = "{\"version\":1,\"entries\":[";
	size_t at = 0;
	char where[128];

	out.add(out.ctx, head, sizeof(head) - 1);
	for (size_t i = 0; i < t->n; at = t->items[i++].text_end) {
		const struct table_item *item = &t->items[i];
		int len = 0;

		if (i)
			out.add(out.ctx, ",", 1);
		out.add(out.ctx, t->texts.data + at, item->text_end - at);
		if (item->has_content)
			len = snprintf(where, sizeof(where), ",\"offset\":%" PRId64,
				       compress_frame_at(to, item->frame));
		if (item->has_end)
			len += snprintf(where + len, sizeof(where) - (size_t)len,
					",\"endOffset\":%" PRId64,
					compress_frame_at(to, item->end_frame));
		out.add(out.ctx, where, (size_t)len);
		out.add(out.ctx, "}", 1);
	}
	out.add(out.ctx, "]", 1);
}
