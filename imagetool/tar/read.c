/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/tar/read.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/tar/header.h"
#include "imagetool/tar/pax.h"
#include "libutil/alloc.h"

struct tar_reader {
	struct tar_source from;
	const uint8_t *next; /* rest of the source's last piece */
	size_t left;
	bool at_end;      /* of the source */
	int64_t position; /* bytes taken from it */

	uint8_t block[TAR_BLOCK]; /* the last header as it was */
	struct tar_header header;
	char *pax_text, *long_name, *long_link; /* extended headers of the coming entry; owned */
	size_t pax_len;
	struct tar_pax pax;
	struct tar_sparse map; /* of sparse files */
	size_t piece;          /* the one being read */
	int64_t piece_done;
	int64_t data_left; /* of the entry, in the stream */
	int64_t offset;    /* in the file, when it is not sparse */
	size_t padding;    /* behind the data */
	bool is_sparse;
};

struct tar_reader *tar_reader_new(struct tar_source from)
{
	struct tar_reader *t = xcalloc(1, sizeof(*t));

	t->from = from;
	return t;
}

static void forget_extended(struct tar_reader *t)
{
	tar_pax_done(&t->pax);
	tar_sparse_done(&t->map);
	free(t->pax_text);
	free(t->long_name);
	free(t->long_link);
	t->pax_text = t->long_name = t->long_link = NULL;
	t->pax_len = 0;
}

void tar_reader_free(struct tar_reader *t)
{
	if (t)
		forget_extended(t);
	free(t);
}

/* ---- The stream ---- */

/* Something is in t->next, or the source has ended (0). */
static int fill(struct tar_reader *t, struct err *e)
{
	int r;

	if (t->left)
		return 1;
	if (t->at_end)
		return 0;
	r = t->from.next(t->from.ctx, &t->next, e);
	if (r < 0)
		return r;
	t->left = (size_t)r;
	t->at_end = r == 0;
	return r > 0;
}

static const uint8_t *take(struct tar_reader *t, size_t n)
{
	const uint8_t *p = t->next;

	t->next += n;
	t->left -= n;
	t->position += (int64_t)n;
	return p;
}

/* Returns 1; 0 when the source ends before the first byte. */
static int read_exactly(struct tar_reader *t, uint8_t *buf, size_t size, struct err *e)
{
	size_t got = 0;

	while (got < size) {
		int r = fill(t, e);
		size_t n;

		if (r < 0)
			return r;
		if (r == 0 && got > 0)
			return err_set(e, EBADMSG, "%s",
				       t->position < TAR_BLOCK ? "not a tar archive: too short"
							       : "tar stream: truncated");
		if (r == 0)
			return 0;
		n = t->left < size - got ? t->left : size - got;
		memcpy(buf + got, take(t, n), n);
		got += n;
	}
	return 1;
}

static int read_block(struct tar_reader *t, uint8_t block[TAR_BLOCK], struct err *e)
{
	int r = read_exactly(t, block, TAR_BLOCK, e);

	return r == 0 ? err_set(e, EBADMSG, "tar stream: truncated") : r;
}

/* Past what the source need not read; the last byte is read all the same, so that a file cut short
 * is noticed. */
static int skip_unread(struct tar_reader *t, int64_t *n, struct err *e)
{
	int64_t unread = *n - (int64_t)t->left - 1;
	int r;

	if (!t->from.skip || unread <= 0)
		return 0;
	*n = 1;
	(void)take(t, t->left);
	r = t->from.skip(t->from.ctx, unread, e);
	t->position += unread;
	return r;
}

static int skip(struct tar_reader *t, int64_t n, struct err *e)
{
	int r = skip_unread(t, &n, e);

	if (r < 0)
		return r;
	while (n > 0) {
		r = fill(t, e);
		if (r < 0)
			return r;
		if (r == 0)
			return err_set(e, EBADMSG, "tar stream: truncated");
		r = t->left > INT_MAX ? INT_MAX : (int)t->left;
		if (r > n)
			r = (int)n;
		(void)take(t, (size_t)r);
		n -= r;
	}
	return 0;
}

static size_t padding_of(int64_t size)
{
	return (size_t)(-size & (TAR_BLOCK - 1));
}

int tar_drain(struct tar_reader *t, struct err *e)
{
	int r;

	do {
		t->left = 0;
		r = fill(t, e);
	} while (r > 0);
	return r;
}

/* ---- Extended headers ---- */

static int read_extended(struct tar_reader *t, char **slot, size_t *ret_len, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r;

	if (t->header.size > (int64_t)TAR_EXTENDED_MAX)
		return err_set(e, E2BIG, "extended header of %lld bytes, more than %zu",
			       (long long)t->header.size, TAR_EXTENDED_MAX);
	len = (size_t)t->header.size;
	text = xcalloc(len + 1, 1);
	if (len) {
		r = read_exactly(t, (uint8_t *)text, len, e);
		if (r <= 0)
			return r < 0 ? r : err_set(e, EBADMSG, "tar stream: truncated");
	}
	r = skip(t, (int64_t)padding_of(t->header.size), e);
	if (r < 0)
		return r;
	free(*slot);
	*slot = steal_ptr(&text);
	if (ret_len)
		*ret_len = len;
	return 0;
}

/* Reads up to the next header of a real entry.  Returns 1, or 0 at the end. */
static int read_headers(struct tar_reader *t, struct err *e)
{
	for (;;) {
		int r = read_exactly(t, t->block, sizeof(t->block), e);

		/* Two zero blocks end an archive; one, or none, is met too. */
		if (r <= 0 || tar_block_is_zero(t->block))
			return r < 0 ? r : 0;
		r = tar_header_parse(t->block, &t->header, e);
		if (r < 0)
			return t->position == TAR_BLOCK ? err_wrap(e, r, "not a tar archive") : r;
		switch (t->header.type) {
		case 'x':
		case 'X':
			r = read_extended(t, &t->pax_text, &t->pax_len, e);
			break;
		case 'L':
			r = read_extended(t, &t->long_name, NULL, e);
			break;
		case 'K':
			r = read_extended(t, &t->long_link, NULL, e);
			break;
		case 'g':
			r = skip(t, t->header.size, e);
			if (r >= 0)
				r = skip(t, (int64_t)padding_of(t->header.size), e);
			break;
		default:
			return 1;
		}
		if (r < 0)
			return r;
	}
}

/* ---- Sparse files ---- */

/* GNU tar's own format: offset and length pairs in the header and in blocks behind it. */
static int add_header_pieces(struct tar_reader *t, const uint8_t *field, size_t len, struct err *e)
{
	for (; len >= 24; field += 24, len -= 24) {
		int64_t offset, size;
		int r;

		if (field[0] == '\0')
			return 0;
		if (tar_number(field, 12, &offset) < 0 || tar_number(field + 12, 12, &size) < 0)
			return err_set(e, EBADMSG, "sparse map: bad number");
		r = tar_sparse_add(&t->map, offset, size, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_gnu_map(struct tar_reader *t, int64_t *ret_real_size, struct err *e)
{
	uint8_t block[TAR_BLOCK];
	bool more = t->block[TAR_AT_GNU_EXTENDED] != 0;
	int r;

	if (tar_number(t->block + TAR_AT_GNU_REALSIZE, TAR_LEN_GNU_REALSIZE, ret_real_size) < 0)
		return err_set(e, EBADMSG, "sparse map: bad number");
	r = add_header_pieces(t, t->block + TAR_AT_GNU_SPARSE, TAR_LEN_GNU_SPARSE, e);
	while (r >= 0 && more) {
		r = read_block(t, block, e);
		if (r < 0)
			return r;
		more = block[TAR_AT_GNU_MORE_EXTENDED] != 0;
		r = add_header_pieces(t, block, TAR_LEN_GNU_MORE_SPARSE, e);
	}
	return r;
}

/* The map of format 1.0 stands in front of the data, as decimal lines. */
struct map_text {
	struct tar_reader *t;
	uint8_t block[TAR_BLOCK];
	size_t at; /* in the block */
	size_t blocks;
};

static int map_number(struct map_text *m, int64_t *ret, struct err *e)
{
	int64_t v = 0;
	int digits = 0, r;

	for (;; m->at++) {
		uint8_t c;

		if (m->at == TAR_BLOCK) {
			if (m->t->data_left < TAR_BLOCK ||
			    ++m->blocks > TAR_EXTENDED_MAX / TAR_BLOCK)
				return err_set(e, EBADMSG, "sparse map: does not end");
			r = read_block(m->t, m->block, e);
			if (r < 0)
				return r;
			m->t->data_left -= TAR_BLOCK;
			m->at = 0;
		}
		c = m->block[m->at];
		if (c == '\n' && digits)
			break;
		if (c < '0' || c > '9' || ++digits > 18)
			return err_set(e, EBADMSG, "sparse map: bad number");
		v = v * 10 + (c - '0');
	}
	m->at++;
	*ret = v;
	return 0;
}

static int read_map_1_0(struct tar_reader *t, struct err *e)
{
	struct map_text m = { .t = t, .at = TAR_BLOCK };
	int64_t n, offset, len;
	int r = map_number(&m, &n, e);

	for (int64_t i = 0; r >= 0 && i < n; i++) {
		r = map_number(&m, &offset, e);
		if (r >= 0)
			r = map_number(&m, &len, e);
		if (r >= 0)
			r = tar_sparse_add(&t->map, offset, len, e);
	}
	return r;
}

/* Fills t->map; *ret_size becomes the size with holes. */
static int read_sparse_map(struct tar_reader *t, int64_t *ret_size, struct err *e)
{
	int64_t real_size = t->pax.real_size;
	int r = 0;

	if (t->header.type == 'S') {
		r = read_gnu_map(t, &real_size, e);
	} else if (!t->pax.has_real_size) {
		return err_set(e, EBADMSG, "sparse map: the file's size is missing");
	} else if (t->pax.sparse_major == 1 && t->pax.sparse_minor == 0) {
		r = read_map_1_0(t, e);
	} else if (t->pax.sparse_major == 0) {
		t->map = t->pax.map;
		t->pax.map = (struct tar_sparse){ 0 };
	} else {
		return err_set(e, EBADMSG, "sparse map: unknown format %lld.%lld",
			       (long long)t->pax.sparse_major, (long long)t->pax.sparse_minor);
	}
	if (r >= 0)
		r = tar_sparse_check(&t->map, real_size, t->data_left, e);
	if (r < 0)
		return r;
	t->is_sparse = true;
	*ret_size = real_size;
	return 0;
}

/* ---- Entries ---- */

static int entry_type(const struct tar_reader *t, const char *name, enum tar_type *ret,
		      struct err *e)
{
	size_t len = strlen(name);

	switch (t->header.type) {
	case '\0': /* v7 marks directories by their names only */
		*ret = len && name[len - 1] == '/' ? TAR_DIR : TAR_FILE;
		return 0;
	case '0':
	case '7': /* "contiguous" */
	case 'S':
		*ret = TAR_FILE;
		return 0;
	case '1':
		*ret = TAR_HARDLINK;
		return 0;
	case '2':
		*ret = TAR_SYMLINK;
		return 0;
	case '3':
		*ret = TAR_CHAR;
		return 0;
	case '4':
		*ret = TAR_BLOCK_DEVICE;
		return 0;
	case '5':
		*ret = TAR_DIR;
		return 0;
	case '6':
		*ret = TAR_FIFO;
		return 0;
	}
	return err_set(e, ENOTSUP, "entry '%.200s': unknown type flag 0x%02x", name,
		       (unsigned)(unsigned char)t->header.type);
}

static const char *first_text(const char *a, const char *b, const char *c)
{
	return a && *a ? a : b && *b ? b : c;
}

static void fill_entry(const struct tar_reader *t, struct tar_entry *n)
{
	const struct tar_pax *p = &t->pax;
	const struct tar_header *h = &t->header;

	n->name = first_text(t->long_name, p->sparse_name ? p->sparse_name : p->path, h->name);
	n->link = first_text(t->long_link, p->link, h->link);
	n->mode = h->mode;
	n->uid = p->has_uid ? p->uid : h->uid;
	n->gid = p->has_gid ? p->gid : h->gid;
	n->mtime = p->has_mtime ? p->mtime : (struct timespec){ .tv_sec = h->mtime };
	n->major = h->major;
	n->minor = h->minor;
	n->xattrs = p->xattrs;
	n->n_xattrs = p->n_xattrs;
}

/* How many bytes of data follow, and what they mean. */
static int begin_data(struct tar_reader *t, struct tar_entry *n, struct err *e)
{
	int r = 0;

	t->data_left = n->type == TAR_FILE ? (t->pax.has_size ? t->pax.size : t->header.size) : 0;
	if (t->data_left < 0 || t->data_left > TAR_SIZE_MAX)
		return err_set(e, EFBIG, "%lld bytes are more than any file has",
			       (long long)t->data_left);
	t->padding = padding_of(t->data_left);
	n->size = t->data_left;
	if (n->type == TAR_FILE && (t->header.type == 'S' || t->pax.sparse))
		r = read_sparse_map(t, &n->size, e);
	n->sparse = t->is_sparse;
	if (r >= 0 && n->size > TAR_SIZE_MAX)
		return err_set(e, EFBIG, "%lld bytes are more than any file has",
			       (long long)n->size);
	return r;
}

static int skip_rest(struct tar_reader *t, struct err *e)
{
	int r = skip(t, t->data_left, e);

	t->data_left = 0;
	if (r >= 0)
		r = skip(t, (int64_t)t->padding, e);
	t->padding = 0;
	return r;
}

int tar_next(struct tar_reader *t, struct tar_entry *ret, struct err *e)
{
	struct tar_entry n = { 0 };
	int r = skip_rest(t, e);

	if (r < 0)
		return r;
	forget_extended(t);
	t->is_sparse = false;
	t->offset = 0;
	t->piece = 0;
	t->piece_done = 0;
	r = read_headers(t, e);
	if (r <= 0)
		return r;
	if (t->pax_text) {
		r = tar_pax_parse(&t->pax, t->pax_text, t->pax_len, e);
		if (r < 0)
			return err_wrap(e, r, "PAX header");
	}
	fill_entry(t, &n);
	r = entry_type(t, n.name, &n.type, e);
	if (r < 0)
		return r;
	r = begin_data(t, &n, e);
	if (r < 0)
		return err_wrap(e, r, "entry '%.200s'", n.name);
	r = t->from.entry ? t->from.entry(t->from.ctx, e) : 0;
	if (r < 0)
		return r;
	*ret = n;
	return 1;
}

int tar_data(struct tar_reader *t, const uint8_t **ret, size_t *ret_len, int64_t *ret_offset,
	     struct err *e)
{
	int64_t offset = t->offset, want = t->data_left;
	int r;

	if (t->data_left == 0)
		return 0;
	if (t->is_sparse) {
		/* The pieces hold as many bytes as are left: tar_sparse_check() saw to it. */
		while (t->map.pieces[t->piece].len == t->piece_done) {
			t->piece++;
			t->piece_done = 0;
		}
		offset = t->map.pieces[t->piece].offset + t->piece_done;
		want = t->map.pieces[t->piece].len - t->piece_done;
	}
	r = fill(t, e);
	if (r <= 0)
		return r < 0 ? r : err_set(e, EBADMSG, "tar stream: truncated");
	if (want > (int64_t)t->left)
		want = (int64_t)t->left;
	*ret = take(t, (size_t)want);
	*ret_len = (size_t)want;
	*ret_offset = offset;
	t->data_left -= want;
	t->offset += want;
	t->piece_done += want;
	return 1;
}

int64_t tar_data_position(const struct tar_reader *t)
{
	return t->is_sparse ? -1 : t->position;
}
