/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/chunked/toc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/chunked/stargz.h"
#include "imagetool/codec/decompress.h"
#include "imagetool/errors.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

#define TOC_NAME "table of contents"

/* FNV-1a.  Who makes two things of one key gains a blob whose digest is wrong. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

/* Members of an entry that say where its content lies and what it is.  All others describe its
 * header. */
#define MEMBERS(X)                                                                                 \
	X(OFFSET, "offset")                                                                        \
	X(END, "endOffset")                                                                        \
	X(CHUNK_SIZE, "chunkSize")                                                                 \
	X(CHUNK_OFFSET, "chunkOffset")                                                             \
	X(CHUNK_DIGEST, "chunkDigest")                                                             \
	X(CHUNK_TYPE, "chunkType")                                                                 \
	X(DIGEST, "digest")                                                                        \
	X(TYPE, "type")                                                                            \
	X(SIZE, "size")

#define X(id, name) MEMBER_##id,
enum member { MEMBERS(X) MEMBER_COUNT };
#undef X
#define X(id, name) [MEMBER_##id] = (name),
static const char *const member_names[MEMBER_COUNT] = { MEMBERS(X) };
#undef X

/* Of JSON: the document, its entries, one entry; what is in it (extended attributes) is deeper. */
enum { DEPTH_TOP = 1, DEPTH_LIST, DEPTH_ENTRY };

struct entry {
	int64_t number[MEMBER_COUNT];
	uint64_t digest, chunk_digest; /* 0: none */
	bool is_chunk;
	uint64_t header; /* hash of what describes it */
};

struct reader {
	struct chunked_toc *toc;
	enum chunked_form form;
	int64_t tail;
	int depth;
	bool in_entries;    /* the last name at the top was "entries" */
	enum member member; /* the last name of an entry; MEMBER_COUNT: another */
	struct entry entry;
	int64_t at;   /* up to here it is said what the pieces are */
	uint64_t gap; /* hash of the headers since; of eStargz: of what the member holds */
	bool unknown; /* not all that the member holds has a digest */
	/* The file whose parts are being read: the part from `part` on ends where the next
	 * begins, or the file does. */
	bool open;
	int64_t part, file_end, file_size;
	uint64_t part_key;
};

void chunked_toc_done(struct chunked_toc *t)
{
	free(t->pieces);
	*t = (struct chunked_toc){ 0 };
}

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * HASH_PRIME;
	return h;
}

static uint64_t hash_number(uint64_t h, int64_t n)
{
	return hash(h, &n, sizeof(n));
}

/* ---- Pieces ---- */

static void add_piece(struct reader *r, int64_t end, uint64_t key)
{
	struct chunked_toc *t = r->toc;

	if (end == r->at)
		return;
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 256;
		t->pieces = xreallocarray(t->pieces, t->cap, sizeof(*t->pieces));
	}
	t->pieces[t->n++] = (struct chunked_piece){ r->at, end - r->at, key };
	r->at = end;
}

static int out_of_order(const struct reader *r, struct err *e)
{
	return err_set(e, EBADMSG,
		       TOC_NAME ": entry at byte %" PRId64 " ends at %" PRId64
				", which is not between byte %" PRId64 " and %" PRId64,
		       r->entry.number[MEMBER_OFFSET], r->entry.number[MEMBER_END], r->at, r->tail);
}

/* What follows begins with the padding of this file's content. */
static void close_file(struct reader *r)
{
	if (!r->open)
		return;
	add_piece(r, r->file_end, r->part_key);
	r->open = false;
	r->gap = hash_number(HASH_START, r->file_size % 512);
}

static uint64_t content_key(const struct entry *n)
{
	return n->chunk_digest ? n->chunk_digest : n->digest;
}

static int end_chunk(struct reader *r, struct err *e)
{
	int64_t offset = r->entry.number[MEMBER_OFFSET];

	if (!r->open || offset <= r->part || offset >= r->file_end)
		return out_of_order(r, e);
	add_piece(r, offset, r->part_key);
	r->part = offset;
	r->part_key = content_key(&r->entry);
	return 0;
}

static int end_frame(struct reader *r, struct err *e)
{
	const struct entry *n = &r->entry;
	int64_t offset = n->number[MEMBER_OFFSET], end = n->number[MEMBER_END];

	if (n->is_chunk)
		return end_chunk(r, e);
	close_file(r);
	r->gap = hash(r->gap, &n->header, sizeof(n->header));
	/* Without content. */
	if (offset == 0 && end == 0)
		return 0;
	if (offset < r->at || end <= offset || end > r->tail)
		return out_of_order(r, e);
	add_piece(r, offset, r->gap);
	r->open = true;
	r->part = offset;
	r->part_key = content_key(n);
	r->file_end = end;
	r->file_size = n->number[MEMBER_SIZE];
	return 0;
}

/* ---- Pieces of eStargz ---- */

static void add_member(struct reader *r, int64_t end)
{
	add_piece(r, end, r->unknown ? 0 : r->gap);
	r->gap = hash(HASH_START, "member", 6);
	r->unknown = false;
}

static void pad_file(struct reader *r)
{
	if (r->open)
		r->gap = hash_number(r->gap, r->file_size % 512);
	r->open = false;
}

/* A member begins with content and goes on with whatever follows.  Small files may share one: then
 * they have its offset in common. */
static int end_member(struct reader *r, struct err *e)
{
	const struct entry *n = &r->entry;
	int64_t offset = n->number[MEMBER_OFFSET];

	if (!n->is_chunk) {
		pad_file(r);
		r->gap = hash(r->gap, &n->header, sizeof(n->header));
		r->file_size = n->number[MEMBER_SIZE];
		if (offset == 0)
			return 0;
	}
	if (offset < r->at || offset >= r->tail || (n->is_chunk && !r->open))
		return out_of_order(r, e);
	if (offset > r->at)
		add_member(r, offset);
	r->open = true;
	r->gap = hash_number(r->gap, (int64_t)content_key(n));
	r->unknown = r->unknown || content_key(n) == 0;
	return 0;
}

static int end_entry(struct reader *r, struct err *e)
{
	return r->form == CHUNKED_STARGZ ? end_member(r, e) : end_frame(r, e);
}

/* ---- JSON ---- */

static bool in_entry(const struct reader *r)
{
	return r->in_entries && r->depth >= DEPTH_ENTRY;
}

/* What describes the header, with its kind so that "1" and 1 differ. */
static void describe(struct reader *r, char kind, const void *data, size_t len)
{
	if (!in_entry(r))
		return;
	if (r->depth == DEPTH_ENTRY && r->member < MEMBER_TYPE)
		return;
	r->entry.header = hash(r->entry.header, &kind, 1);
	r->entry.header = hash_number(r->entry.header, (int64_t)len);
	r->entry.header = hash(r->entry.header, data, len);
}

static int on_null(void *ctx, struct err *e UNUSED)
{
	describe(ctx, 'n', "", 0);
	return 0;
}

static int on_boolean(void *ctx, bool value, struct err *e UNUSED)
{
	describe(ctx, value ? 't' : 'f', "", 0);
	return 0;
}

static int on_number(void *ctx, const struct json_number *n, struct err *e)
{
	struct reader *r = ctx;

	if (in_entry(r) && r->depth == DEPTH_ENTRY && r->member < MEMBER_COUNT) {
		if (n->kind != JSON_NUM_I64 || n->i64 < 0)
			return err_set(e, EBADMSG, TOC_NAME ": '%s' is out of range",
				       member_names[r->member]);
		r->entry.number[r->member] = n->i64;
	}
	describe(r, '0', &n->i64, sizeof(n->i64));
	return 0;
}

/* The first 64 bits of a digest; 0 of what is none. */
static uint64_t read_digest(const char *s, size_t len)
{
	static const char sha256[] = "sha256:";
	uint64_t key = 0;

	if (len != sizeof(sha256) - 1 + 64 || memcmp(s, sha256, sizeof(sha256) - 1) != 0)
		return 0;
	for (size_t i = 0; i < 16; i++) {
		char c = s[sizeof(sha256) - 1 + i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return 0;
		key = key << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return key;
}

static int on_string(void *ctx, const char *s, size_t len, struct err *e UNUSED)
{
	static const char chunk[] = "chunk";
	struct reader *r = ctx;

	describe(r, 's', s, len);
	if (!in_entry(r) || r->depth != DEPTH_ENTRY)
		return 0;
	if (r->member == MEMBER_DIGEST)
		r->entry.digest = read_digest(s, len);
	else if (r->member == MEMBER_CHUNK_DIGEST)
		r->entry.chunk_digest = read_digest(s, len);
	else if (r->member == MEMBER_TYPE)
		r->entry.is_chunk = len == sizeof(chunk) - 1 && memcmp(s, chunk, len) == 0;
	return 0;
}

static int on_map_key(void *ctx, const char *s, size_t len, struct err *e UNUSED)
{
	static const char entries[] = "entries";
	struct reader *r = ctx;

	if (r->depth == DEPTH_TOP)
		r->in_entries = len == sizeof(entries) - 1 && memcmp(s, entries, len) == 0;
	if (in_entry(r) && r->depth == DEPTH_ENTRY) {
		r->member = 0;
		while (r->member < MEMBER_COUNT && (strlen(member_names[r->member]) != len ||
						    memcmp(member_names[r->member], s, len) != 0))
			r->member++;
	}
	describe(r, 'k', s, len);
	return 0;
}

static int on_start(void *ctx, struct err *e UNUSED)
{
	struct reader *r = ctx;

	r->depth++;
	if (in_entry(r) && r->depth == DEPTH_ENTRY) {
		r->entry = (struct entry){ .header = HASH_START };
		r->member = MEMBER_COUNT;
	}
	describe(r, '{', "", 0);
	return 0;
}

static int on_end(void *ctx, struct err *e)
{
	struct reader *r = ctx;
	int result = 0;

	describe(r, '}', "", 0);
	if (in_entry(r) && r->depth == DEPTH_ENTRY)
		result = end_entry(r, e);
	r->depth--;
	return result;
}

static const struct json_events events = {
	.null = on_null,
	.boolean = on_boolean,
	.number = on_number,
	.string = on_string,
	.start_map = on_start,
	.map_key = on_map_key,
	.end_map = on_end,
	.start_array = on_start,
	.end_array = on_end,
};

int chunked_toc_parse(enum chunked_form form, const char *text, size_t len, int64_t tail,
		      struct chunked_toc *ret, struct err *e)
{
	auto_(chunked_toc) struct chunked_toc toc = { 0 };
	struct reader r = { .toc = &toc, .form = form, .tail = tail, .gap = HASH_START };
	int n = json_read(TOC_NAME, text, len, &events, &r, e);

	if (n < 0)
		return n;
	if (form == CHUNKED_STARGZ)
		pad_file(&r);
	else
		close_file(&r);
	add_piece(&r, tail, r.unknown ? 0 : hash(r.gap, "end", 3));
	*ret = toc;
	toc = (struct chunked_toc){ 0 };
	return 0;
}

/* ---- As it lies in the blob ---- */

struct memory {
	const uint8_t *data;
	size_t len;
};

static int read_memory(void *ctx, void *buf, size_t size, struct err *e UNUSED)
{
	struct memory *m = ctx;

	if (size > m->len)
		size = m->len;
	memcpy(buf, m->data, size);
	m->data += size;
	m->len -= size;
	return (int)size;
}

/* No more than is promised: what would be larger ends the reading, not the memory. */
static int inflate(const struct chunked_position *p, const void *data, struct strbuf *out,
		   struct err *e)
{
	struct memory m = { data, (size_t)p->toc_len };
	auto_(decompress) struct decompress *d = NULL;
	const uint8_t *piece;
	int r = decompress_new((struct byte_source){ read_memory, &m }, &d, e);

	while (r >= 0 && (r = decompress_next(d, &piece, e)) > 0) {
		if ((int64_t)out->len + r > p->toc_plain)
			return err_set(e, EBADMSG,
				       TOC_NAME " has more than the %" PRId64
						" bytes it should have",
				       p->toc_plain);
		strbuf_add(out, piece, (size_t)r);
	}
	return r;
}

static int check_digest(const struct chunked_position *p, const void *data, size_t len,
			struct err *e)
{
	char found[DIGEST_TEXT_SIZE];

	digest_of(starts_with(p->digest, "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256, data, len,
		  found);
	if (streq(found, p->digest))
		return 0;
	return err_set(e, IMAGE_EVERIFY, "the digest of the " TOC_NAME " is %s, it should be %s",
		       found, p->digest);
}

static int read_frame(const struct chunked_position *p, const void *data, struct strbuf *text,
		      struct err *e)
{
	int r = check_digest(p, data, (size_t)p->toc_len, e);

	return r < 0 ? r : inflate(p, data, text, e);
}

/* The member is the end of a tar stream, in which the table is a file. */
static int read_member(const struct chunked_position *p, const void *data, struct strbuf *text,
		       struct err *e)
{
	auto_(strbuf) struct strbuf stream = { .max = (size_t)p->toc_plain + 1 };
	int r = inflate(p, data, &stream, e);

	if (r >= 0)
		r = stargz_table(stream.data, stream.len, text, e);
	return r < 0 ? r : check_digest(p, text->data, text->len, e);
}

int chunked_toc_read(const struct chunked_position *p, const void *data, struct chunked_toc *ret,
		     struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = (size_t)p->toc_plain + 1 };
	int r = p->form == CHUNKED_STARGZ ? read_member(p, data, &text, e)
					  : read_frame(p, data, &text, e);

	if (r < 0)
		return r;
	return chunked_toc_parse(p->form, strbuf_str(&text), text.len, p->tail, ret, e);
}
