/* SPDX-License-Identifier: Apache-2.0 */
/* The end of an image: directories, numbers of names, shared attributes, superblock. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/erofs/internal.h"

#define FNV_START 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

/* CRC-32C without the inversion at the end, as EROFS has it. */
static uint32_t crc32c(const uint8_t *data, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return crc;
}

static uint64_t fnv(uint64_t h, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * FNV_PRIME;
	return h;
}

/* overlayfs tells lower file systems from one another by it.  The same layer has the same. */
static void make_uuid(const struct erofs_layer *l, uint8_t uuid[16])
{
	uint64_t text = fnv(FNV_START, l->tree.text, l->tree.text_len);
	uint64_t sizes = ((FNV_START ^ l->bytes) * FNV_PRIME ^ l->space.end) * FNV_PRIME;
	const uint64_t sums[] = { htole64(text), htole64(sizes) };

	memcpy(uuid, sums, sizeof(sums));
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80); /* RFC 9562, version 8: of our own making */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static int write_super(struct erofs_layer *l, uint32_t xattr_block, struct err *e)
{
	uint8_t block[EROFS_BLOCK];
	struct erofs_super s = {
		.magic = htole32(EROFS_MAGIC),
		.feature_compat = htole32(EROFS_COMPAT_CHECKSUM | EROFS_COMPAT_MTIME),
		.feature_incompat = htole32(l->chunked ? EROFS_INCOMPAT_CHUNKED : 0),
		.block_bits = EROFS_BLOCK_BITS,
		.root_nid = htole16((uint16_t)l->tree.nodes[TREE_ROOT].nid),
		.inodes = htole64(l->ino),
		.build_time = htole64((uint64_t)l->build.tv_sec),
		.build_time_nsec = htole32((uint32_t)l->build.tv_nsec),
		.blocks = htole32((uint32_t)(l->space.end >> EROFS_BLOCK_BITS)),
		.xattr_block = htole32(xattr_block),
	};
	int r;

	make_uuid(l, s.uuid);
	/* The sum is of all that is behind the superblock in its block, too: the root directory. */
	r = space_read(&l->space, 0, block, sizeof(block), e);
	if (r < 0)
		return r;
	memcpy(block + EROFS_SUPER_AT, &s, sizeof(s));
	s.checksum = htole32(crc32c(block + EROFS_SUPER_AT, EROFS_BLOCK - EROFS_SUPER_AT));
	return space_write(&l->space, EROFS_SUPER_AT, &s, sizeof(s), e);
}

static int set_links(struct erofs_layer *l, struct err *e)
{
	int r = 0;

	for (uint32_t i = 0; i < l->tree.n_links && r >= 0; i++)
		if (l->tree.links[i].count != 1)
			r = inode_set_links(l, l->tree.links[i].nid, l->tree.links[i].count, e);
	return r;
}

/* ---- What is told ---- */

static void tell_dirs(const struct erofs_layer *l, struct erofs_result *ret)
{
	for (uint32_t i = 0; i < l->tree.n_dirs; i++) {
		const struct tree_dir *d = &l->tree.dirs[i];
		bool implied = !d->stated && d->node != TREE_ROOT;

		if (!d->reached)
			continue;
		if (implied)
			strv_add_owned(&ret->implied, walk_path(l, d->node));
		if (d->whites || (d->opaque && implied))
			strv_add_owned(&ret->whiteout_dirs, walk_path(l, d->node));
	}
}

static void tell(const struct erofs_layer *l, struct erofs_result *ret)
{
	const struct tree_dir *root = &l->tree.dirs[0];

	*ret = (struct erofs_result){
		.entries = l->entries,
		.bytes = l->bytes,
		.lost_xattrs = l->xattrs.skipped,
		.redo = l->redo,
		.root_stated = root->stated,
		.root_opaque = root->opaque,
		.root_mode = root->mode,
		.root_uid = root->uid,
		.root_gid = root->gid,
		.root_mtime = root->mtime,
	};
	if (!l->lower)
		tell_dirs(l, ret);
}

int erofs_layer_finish(struct erofs_layer *l, struct erofs_result *ret, struct err *e)
{
	uint32_t xattr_block = 0;
	int r;

	tree_mark(&l->tree);
	r = dirs_write(l, e);
	if (r >= 0)
		r = set_links(l, e);
	if (r >= 0)
		r = xattrs_write(&l->xattrs, &l->space, &xattr_block, e);
	/* Before the superblock, which is read back with what stands behind it. */
	if (r >= 0)
		r = space_flush(&l->space, e);
	if (r >= 0)
		r = write_super(l, xattr_block, e);
	if (r >= 0)
		tell(l, ret);
	return r;
}
