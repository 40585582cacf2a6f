/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "imagetool/erofs/internal.h"

/* A compact inode has the image's time. */
static bool is_compact(const struct erofs_layer *l, const struct inode *i)
{
	return !i->roomy && i->mtime.tv_sec == l->build.tv_sec &&
	       i->mtime.tv_nsec == l->build.tv_nsec && i->uid <= UINT16_MAX &&
	       i->gid <= UINT16_MAX && i->size <= UINT32_MAX && i->nlink <= UINT16_MAX;
}

size_t inode_size(const struct erofs_layer *l, const struct inode *i)
{
	return i->xattrs_len + (is_compact(l, i) ? sizeof(struct erofs_inode_compact)
						 : sizeof(struct erofs_inode_extended));
}

static struct erofs_inode_compact compact(const struct inode *i, uint32_t ino)
{
	return (struct erofs_inode_compact){
		.format = htole16(EROFS_FORMAT(0, i->layout)),
		.xattr_count = htole16(xattrs_count(i->xattrs_len)),
		.mode = htole16((uint16_t)i->mode),
		.nlink = htole16((uint16_t)i->nlink),
		.size = htole32((uint32_t)i->size),
		.u = htole32(i->u),
		.ino = htole32(ino),
		.uid = htole16((uint16_t)i->uid),
		.gid = htole16((uint16_t)i->gid),
	};
}

static struct erofs_inode_extended extended(const struct inode *i, uint32_t ino)
{
	return (struct erofs_inode_extended){
		.format = htole16(EROFS_FORMAT(1, i->layout)),
		.xattr_count = htole16(xattrs_count(i->xattrs_len)),
		.mode = htole16((uint16_t)i->mode),
		.size = htole64(i->size),
		.u = htole32(i->u),
		.ino = htole32(ino),
		.uid = htole32(i->uid),
		.gid = htole32(i->gid),
		.mtime = htole64((uint64_t)i->mtime.tv_sec),
		.mtime_nsec = htole32((uint32_t)i->mtime.tv_nsec),
		.nlink = htole32(i->nlink),
	};
}

int inode_put(struct erofs_layer *l, const struct inode *i, uint64_t at, struct err *e)
{
	size_t size = inode_size(l, i) - i->xattrs_len;
	int r;

	l->ino++;
	if (is_compact(l, i)) {
		struct erofs_inode_compact c = compact(i, l->ino);

		r = space_write(&l->space, at, &c, sizeof(c), e);
	} else {
		struct erofs_inode_extended x = extended(i, l->ino);

		r = space_write(&l->space, at, &x, sizeof(x), e);
	}
	if (r >= 0 && i->xattrs_len)
		r = space_write(&l->space, at + size, i->xattrs, i->xattrs_len, e);
	return r;
}

int inode_write(struct erofs_layer *l, const struct inode *i, const void *data, size_t len,
		uint64_t *ret_nid, struct err *e)
{
	size_t size = inode_size(l, i);
	uint64_t at;
	/* A list of chunks is read piece by piece, it may cross blocks. */
	int r = i->layout == EROFS_INLINE ? space_slot(&l->space, size, len, &at, e)
					  : space_slot(&l->space, size + len, 0, &at, e);

	if (r >= 0)
		r = inode_put(l, i, at, e);
	if (r >= 0 && data && len)
		r = space_write(&l->space, at + size, data, len, e);
	if (r >= 0)
		*ret_nid = at / EROFS_SLOT;
	return r;
}

int inode_write_small(struct erofs_layer *l, struct inode *i, const void *data, size_t len,
		      uint64_t *ret_nid, struct err *e)
{
	uint64_t at;
	int r;

	if (len <= EROFS_BLOCK && inode_size(l, i) + len <= EROFS_BLOCK) {
		i->layout = EROFS_INLINE;
		return inode_write(l, i, data, len, ret_nid, e);
	}
	r = space_blocks(&l->space, len, &at, e);
	if (r >= 0)
		r = space_write(&l->space, at, data, len, e);
	if (r < 0)
		return r;
	i->u = (uint32_t)(at >> EROFS_BLOCK_BITS);
	return inode_write(l, i, NULL, 0, ret_nid, e);
}

/* As Linux keeps device numbers on disk. */
uint32_t inode_device(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/* It may be written out already, so it is asked for what kind it is. */
int inode_set_links(struct erofs_layer *l, uint64_t nid, uint32_t n, struct err *e)
{
	uint64_t at = nid * EROFS_SLOT;
	uint16_t format, few = htole16((uint16_t)n);
	uint32_t many = htole32(n);
	int r = space_read(&l->space, at, &format, sizeof(format), e);

	if (r < 0)
		return r;
	if (le16toh(format) & 1)
		return space_write(&l->space, at + offsetof(struct erofs_inode_extended, nlink),
				   &many, sizeof(many), e);
	return space_write(&l->space, at + offsetof(struct erofs_inode_compact, nlink), &few,
			   sizeof(few), e);
}

int inode_of_entry(struct erofs_layer *l, const struct tar_entry *n, mode_t type, struct inode *ret,
		   struct err *e)
{
	*ret = (struct inode){
		.mode = type | (type == S_IFLNK ? 0777 : n->mode),
		.uid = (uint32_t)n->uid,
		.gid = (uint32_t)n->gid,
		.mtime = n->mtime,
		.nlink = 1,
	};
	return xattrs_body(&l->xattrs, type, n->xattrs, n->n_xattrs, &ret->xattrs, &ret->xattrs_len,
			   e);
}
