/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/chunked/stock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imagetool/chunked/stargz.h"
#include "libutil/alloc.h"
#include "libutil/log.h"

struct have {
	struct chunked_piece piece;
	uint32_t blob;
	uint32_t next; /* of the same slot, counted from 1; 0: the last */
};

struct chunked_stock {
	struct store *store;
	struct blob_open_file {
		int fd;
		char digest[DIGEST_TEXT_SIZE];
	} blobs[CHUNKED_BLOBS_MAX];
	size_t n_blobs;
	struct have *have;
	size_t n, cap;
	uint32_t *slots; /* of `have`, counted from 1 */
	size_t n_slots;  /* a power of two */
};

struct chunked_stock *chunked_stock_new(struct store *s)
{
	struct chunked_stock *k = xcalloc(1, sizeof(*k));

	k->store = s;
	return k;
}

void chunked_stock_free(struct chunked_stock *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->n_blobs; i++)
		(void)close(k->blobs[i].fd);
	free(k->have);
	free(k->slots);
	free(k);
}

size_t chunked_stock_size(const struct chunked_stock *k)
{
	return k->n;
}

/* ---- The table ---- */

static size_t slot_of(const struct chunked_stock *k, const struct chunked_piece *p)
{
	return (size_t)(p->key ^ (p->key >> 32) ^ (uint64_t)p->len) & (k->n_slots - 1);
}

static void link_piece(struct chunked_stock *k, size_t i)
{
	uint32_t *slot = &k->slots[slot_of(k, &k->have[i].piece)];

	k->have[i].next = *slot;
	*slot = (uint32_t)i + 1;
}

static void grow(struct chunked_stock *k)
{
	k->n_slots = k->n_slots ? 2 * k->n_slots : 1024;
	free(k->slots);
	k->slots = xcalloc(k->n_slots, sizeof(*k->slots));
	for (size_t i = 0; i < k->n; i++)
		link_piece(k, i);
}

static void add(struct chunked_stock *k, const struct chunked_piece *p)
{
	if (k->n == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 1024;
		k->have = xreallocarray(k->have, k->cap, sizeof(*k->have));
	}
	if (k->n >= k->n_slots)
		grow(k);
	k->have[k->n] = (struct have){ .piece = *p, .blob = (uint32_t)k->n_blobs };
	link_piece(k, k->n++);
}

static bool is_same(const struct chunked_piece *a, const struct chunked_piece *b)
{
	return a->key == b->key && a->len == b->len;
}

/* What lay together before lies together still, most often: then it is copied as one. */
static size_t find(const struct chunked_stock *k, const struct chunked_piece *p, size_t after)
{
	size_t i;

	if (k->n == 0 || p->key == 0)
		return CHUNKED_NOWHERE;
	if (after != CHUNKED_NOWHERE && after + 1 < k->n && is_same(&k->have[after + 1].piece, p))
		return after + 1;
	for (i = k->slots[slot_of(k, p)]; i; i = k->have[i - 1].next)
		if (is_same(&k->have[i - 1].piece, p))
			return i - 1;
	return CHUNKED_NOWHERE;
}

bool chunked_stock_find(const struct chunked_stock *k, const struct chunked_piece *p, size_t after,
			struct chunked_found *ret)
{
	size_t i = find(k, p, after);

	if (i == CHUNKED_NOWHERE)
		return false;
	*ret = (struct chunked_found){ k->have[i].blob, k->have[i].piece.offset, i };
	return true;
}

/* ---- Blobs ---- */

static int read_at(int fd, int64_t offset, void *buf, size_t len, struct err *e)
{
	ssize_t n;

	do
		n = pread(fd, buf, len, offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, "read a blob of the store") : (int)n;
}

int chunked_stock_read(const struct chunked_stock *k, size_t blob, int64_t offset, void *buf,
		       size_t len, struct err *e)
{
	int n = read_at(k->blobs[blob].fd, offset, buf, len, e);

	if (n == 0)
		return err_set(e, EIO, "blob '%s' of the store has become shorter",
			       k->blobs[blob].digest);
	return n;
}

static int read_whole(int fd, int64_t offset, uint8_t *buf, size_t len, struct err *e)
{
	while (len) {
		int n = read_at(fd, offset, buf, len, e);

		if (n <= 0)
			return n < 0 ? n : err_set(e, EBADMSG, "the blob is too short");
		buf += n;
		offset += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_footer(int fd, int64_t size, struct chunked_position *p, struct err *e)
{
	uint8_t footer[STARGZ_FOOTER];
	int r;

	if (p->form != CHUNKED_STARGZ)
		return 0;
	r = size < STARGZ_FOOTER ? err_set(e, EBADMSG, "the blob is too short")
				 : read_whole(fd, size - STARGZ_FOOTER, footer, sizeof(footer), e);
	return r < 0 ? r : stargz_footer(footer, size, p, e);
}

static int read_toc(const struct chunked_stock *k, const struct image_descriptor *layer,
		    struct chunked_toc *ret, int *ret_fd, struct err *e)
{
	struct chunked_position p;
	autofd int fd = -1;
	autofree uint8_t *data = NULL;
	int r = chunked_position(layer, &p, e);

	if (r <= 0)
		return r < 0 ? r : err_set(e, ENOENT, "it has no table of contents");
	fd = blob_open(k->store, layer->digest, NULL, e);
	if (fd < 0)
		return fd;
	r = read_footer(fd, layer->size.v, &p, e);
	if (r < 0)
		return r;
	data = xcalloc(1, (size_t)p.toc_len);
	r = read_whole(fd, p.toc, data, (size_t)p.toc_len, e);
	if (r >= 0)
		r = chunked_toc_read(&p, data, ret, e);
	if (r >= 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

static bool is_there(const struct chunked_stock *k, const char *digest)
{
	for (size_t i = 0; i < k->n_blobs; i++)
		if (streq(k->blobs[i].digest, digest))
			return true;
	return false;
}

static bool has_room(const struct chunked_stock *k)
{
	return k->n_blobs < CHUNKED_BLOBS_MAX && k->n < CHUNKED_PIECES_MAX;
}

bool chunked_stock_add(struct chunked_stock *k, const struct image_descriptor *layer)
{
	auto_(chunked_toc) struct chunked_toc toc = { 0 };
	struct chunked_position p;
	struct err e = { 0 };
	int fd = -1;

	if (!has_room(k))
		return false;
	if (chunked_position(layer, &p, NULL) <= 0 || is_there(k, layer->digest) ||
	    !blob_exists(k->store, layer->digest, layer->size.v))
		return true;
	if (read_toc(k, layer, &toc, &fd, &e) < 0) {
		log_debug("layer %s: %s", layer->digest, e.msg);
		return true;
	}
	for (size_t i = 0; i < toc.n && k->n < CHUNKED_PIECES_MAX; i++)
		add(k, &toc.pieces[i]);
	k->blobs[k->n_blobs].fd = fd;
	(void)snprintf(k->blobs[k->n_blobs].digest, DIGEST_TEXT_SIZE, "%s", layer->digest);
	k->n_blobs++;
	return has_room(k);
}
