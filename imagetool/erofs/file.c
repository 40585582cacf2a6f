/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular files.  Whole blocks go to the image as they come; what is left of the
 * last block stands behind the inode if it fits there.  Of files with holes only
 * the pieces that hold something have blocks ("chunks").
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imagetool/erofs/internal.h"
#include "libutil/alloc.h"

#define CHUNKS_MAX       4096 /* of one file: the list takes 16 KiB at most */
#define CHUNK_FORMAT_MAX 31

struct data {
	uint64_t size;
	uint64_t whole;   /* bytes that go to blocks */
	uint64_t at;      /* where they are */
	size_t tail;      /* bytes behind the inode */
	uint32_t *chunks; /* block addresses as on disk, NULL: one after the other */
	unsigned bits;    /* a chunk is 1 << bits blocks */
	uint64_t n_chunks;
	uint8_t *tail_data; /* owned when the tail came in pieces, else NULL */
};

static void data_done(struct data *d)
{
	free(d->chunks);
	free(d->tail_data);
}
AUTO_DEFINE_DONE(data, data_done)

/* ---- Files with holes ---- */

static void plan_chunks(struct data *d)
{
	uint64_t blocks = (d->size + EROFS_BLOCK - 1) >> EROFS_BLOCK_BITS;

	while (blocks >> d->bits > CHUNKS_MAX && d->bits < CHUNK_FORMAT_MAX)
		d->bits++;
	d->n_chunks = (blocks + ((uint64_t)1 << d->bits) - 1) >> d->bits;
	d->chunks = xreallocarray(NULL, d->n_chunks + 1, sizeof(*d->chunks));
	memset(d->chunks, 0xff, d->n_chunks * sizeof(*d->chunks));
	d->whole = d->size;
}

/* The last chunk ends with the file. */
static int chunk_at(struct erofs_layer *l, struct data *d, uint64_t i, uint64_t *ret, struct err *e)
{
	uint64_t chunk = (uint64_t)EROFS_BLOCK << d->bits, left = d->size - i * chunk;
	int r;

	if (d->chunks[i] == EROFS_HOLE) {
		r = space_blocks(&l->space, left < chunk ? left : chunk, ret, e);
		if (r < 0)
			return r;
		d->chunks[i] = htole32((uint32_t)(*ret >> EROFS_BLOCK_BITS));
	}
	*ret = (uint64_t)le32toh(d->chunks[i]) << EROFS_BLOCK_BITS;
	return 0;
}

static int put_chunks(struct erofs_layer *l, struct data *d, const uint8_t *data, size_t len,
		      uint64_t offset, struct err *e)
{
	uint64_t chunk = (uint64_t)EROFS_BLOCK << d->bits, at;

	while (len) {
		uint64_t inside = offset % chunk;
		size_t n = chunk - inside < len ? (size_t)(chunk - inside) : len;
		int r = chunk_at(l, d, offset / chunk, &at, e);

		if (r >= 0)
			r = space_write(&l->space, at + inside, data, n, e);
		if (r < 0)
			return r;
		data += n;
		offset += n;
		len -= n;
	}
	return 0;
}

/* ---- Files without ---- */

static int plan_blocks(struct erofs_layer *l, const struct inode *i, struct data *d, struct err *e)
{
	size_t tail = d->size % EROFS_BLOCK;

	if (inode_size(l, i) + tail <= EROFS_BLOCK)
		d->tail = tail;
	d->whole = d->size - d->tail;
	return d->whole ? space_blocks(&l->space, d->whole, &d->at, e) : 0;
}

/* A piece; the tail is kept aside. */
static int put_piece(struct erofs_layer *l, struct data *d, const uint8_t *data, size_t len,
		     uint64_t offset, struct err *e)
{
	size_t n;

	if (d->chunks)
		return put_chunks(l, d, data, len, offset, e);
	if (offset < d->whole) {
		uint64_t left = d->whole - offset;
		int r;

		n = left < len ? (size_t)left : len;
		r = space_write(&l->space, d->at + offset, data, n, e);
		if (r < 0)
			return r;
		data += n;
		offset += n;
		len -= n;
	}
	if (len) {
		if (!d->tail_data)
			d->tail_data = xcalloc(1, EROFS_BLOCK);
		memcpy(d->tail_data + (offset - d->whole), data, len);
	}
	return 0;
}

/* The inode, once the data is in its place. */
static int finish(struct erofs_layer *l, struct inode *i, const struct data *d, const void *tail,
		  uint64_t *ret_nid, struct err *e)
{
	i->size = d->size;
	if (d->chunks) {
		i->layout = EROFS_CHUNKS;
		i->u = d->bits;
		l->chunked = true;
		return inode_write(l, i, d->chunks, d->n_chunks * sizeof(*d->chunks), ret_nid, e);
	}
	i->layout = d->tail ? EROFS_INLINE : EROFS_PLAIN;
	i->u = (uint32_t)(d->at >> EROFS_BLOCK_BITS);
	return inode_write(l, i, tail, d->tail, ret_nid, e);
}

int file_write(struct erofs_layer *l, const struct tar_entry *n, struct tar_reader *t,
	       uint64_t *ret_nid, struct err *e)
{
	auto_(data) struct data d = { .size = (uint64_t)n->size };
	const uint8_t *piece = NULL, *tail = NULL;
	struct inode i;
	int64_t offset;
	size_t len;
	int r = inode_of_entry(l, n, S_IFREG, &i, e);

	i.size = d.size;
	if (r >= 0 && n->sparse && d.size)
		plan_chunks(&d);
	else if (r >= 0)
		r = plan_blocks(l, &i, &d, e);
	while (r >= 0 && (r = tar_data(t, &piece, &len, &offset, e)) > 0) {
		l->bytes += len;
		/* A small file that comes at once is written once. */
		if (d.tail && !d.whole && len == d.size) {
			tail = piece;
			r = finish(l, &i, &d, tail, ret_nid, e);
		} else {
			r = put_piece(l, &d, piece, len, (uint64_t)offset, e);
		}
	}
	return r < 0 || tail ? r : finish(l, &i, &d, d.tail_data, ret_nid, e);
}

/* ---- Files of the layers below ---- */

static int copy_data(struct erofs_layer *l, struct data *d, int fd, struct err *e)
{
	autofree uint8_t *buf = xcalloc(1, SPACE_WINDOW);
	uint64_t offset = 0;

	while (offset < d->size) {
		ssize_t n = pread(fd, buf, SPACE_WINDOW, (off_t)offset);
		int r;

		if (n < 0)
			return err_sys(e, "read");
		if (n == 0)
			return err_set(e, EIO, "read: it is shorter than it says");
		l->bytes += (uint64_t)n;
		r = put_piece(l, d, buf, (size_t)n, offset, e);
		if (r < 0)
			return r;
		offset += (uint64_t)n;
	}
	return 0;
}

static int copy_file(struct erofs_layer *l, const char *path, struct inode *i, uint64_t *ret_nid,
		     struct err *e)
{
	autofd int fd = l->lower->open(l->lower->ctx, path, e);
	auto_(data) struct data d = { 0 };
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	i->size = d.size = (uint64_t)st.st_size;
	r = plan_blocks(l, i, &d, e);
	if (r >= 0)
		r = copy_data(l, &d, fd, e);
	return r < 0 ? r : finish(l, i, &d, d.tail_data, ret_nid, e);
}

static uint8_t special_type(mode_t mode)
{
	if (S_ISCHR(mode))
		return EROFS_FT_CHAR;
	return S_ISBLK(mode) ? EROFS_FT_BLOCK : EROFS_FT_FIFO;
}

int file_copy_up(struct erofs_layer *l, const char *path, uint64_t *ret_nid, uint8_t *ret_type,
		 struct err *e)
{
	auto_(erofs_below) struct erofs_below b = { 0 };
	struct inode i = { .nlink = 1 };
	int r = l->lower->look(l->lower->ctx, path, &b, e);

	if (r <= 0)
		return r < 0 ? r : err_set(e, ENOENT, "no such file in the layers below");
	i.mode = b.mode;
	i.uid = (uint32_t)b.uid;
	i.gid = (uint32_t)b.gid;
	i.mtime = b.mtime;
	r = xattrs_body(&l->xattrs, b.mode, b.xattrs, b.n_xattrs, &i.xattrs, &i.xattrs_len, e);
	if (r < 0)
		return r;
	if (S_ISREG(b.mode)) {
		*ret_type = EROFS_FT_FILE;
		return copy_file(l, path, &i, ret_nid, e);
	}
	if (S_ISLNK(b.mode)) {
		*ret_type = EROFS_FT_SYMLINK;
		i.size = strlen(b.target);
		return inode_write_small(l, &i, b.target, (size_t)i.size, ret_nid, e);
	}
	if (S_ISDIR(b.mode))
		return err_set(e, EPERM, "it is a directory");
	if (!S_ISFIFO(b.mode))
		i.u = inode_device(b.major, b.minor);
	*ret_type = special_type(b.mode);
	return inode_write(l, &i, NULL, 0, ret_nid, e);
}
