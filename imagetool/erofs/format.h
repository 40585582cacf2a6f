/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EROFS as it lies on disk: the part of the format that an uncompressed image
 * needs (Linux, Documentation/filesystems/erofs.rst).  Numbers are little-endian.
 *
 * An inode is named by its place: nid * 32 is its offset from the beginning of
 * the metadata area, which is the beginning of the image here.  Behind an inode
 * come its attributes, then the data's last, incomplete block ("inline tail"),
 * which must not reach across a block's end.
 */
#ifndef IMAGETOOL_EROFS_FORMAT_H
#define IMAGETOOL_EROFS_FORMAT_H

#include <stdint.h>

#define EROFS_BLOCK_BITS 12
#define EROFS_BLOCK      (1u << EROFS_BLOCK_BITS)
#define EROFS_SLOT       32u /* unit of a nid */
#define EROFS_MAGIC      0xe0f5e1e2u
#define EROFS_SUPER_AT   1024u
#define EROFS_NAME_MAX   255u
/* Block addresses have 32 bits, and the last value says "hole". */
#define EROFS_BLOCKS_MAX ((uint64_t)UINT32_MAX - 1)
#define EROFS_HOLE       UINT32_MAX

#define EROFS_COMPAT_CHECKSUM  0x1u
#define EROFS_COMPAT_MTIME     0x2u
#define EROFS_INCOMPAT_CHUNKED 0x4u

struct erofs_super {
	uint32_t magic;
	uint32_t checksum; /* CRC-32C of the rest of the block, this being 0 */
	uint32_t feature_compat;
	uint8_t block_bits;
	uint8_t extra_slots;
	uint16_t root_nid;
	uint64_t inodes;
	uint64_t build_time; /* what compact inodes have for a time */
	uint32_t build_time_nsec;
	uint32_t blocks;
	uint32_t meta_block;
	uint32_t xattr_block; /* where ids of shared attributes count from */
	uint8_t uuid[16];
	uint8_t volume_name[16];
	uint32_t feature_incompat;
	uint16_t compression;
	uint16_t extra_devices;
	uint16_t device_slot;
	uint8_t dir_block_bits;
	uint8_t xattr_prefixes;
	uint32_t xattr_prefix_start;
	uint64_t packed_nid;
	uint8_t xattr_filter;
	uint8_t reserved[23];
} __attribute__((packed));

enum erofs_layout {
	EROFS_PLAIN = 0,  /* whole blocks, one after the other */
	EROFS_INLINE = 2, /* the same, and the tail behind the inode */
	EROFS_CHUNKS = 4, /* a list of block addresses behind the inode */
};

/* `format` of inodes: bit 0 says extended, the layout stands above it. */
#define EROFS_FORMAT(extended, layout) ((uint16_t)((extended) | (unsigned)(layout) << 1))

struct erofs_inode_compact {
	uint16_t format;
	uint16_t xattr_count; /* 0, or 1 + what follows the header, in units of 4 bytes */
	uint16_t mode;
	uint16_t nlink;
	uint32_t size;
	uint32_t reserved;
	uint32_t u; /* first block, device number, or format of chunks */
	uint32_t ino;
	uint16_t uid, gid;
	uint32_t reserved2;
} __attribute__((packed));

struct erofs_inode_extended {
	uint16_t format;
	uint16_t xattr_count;
	uint16_t mode;
	uint16_t reserved;
	uint64_t size;
	uint32_t u;
	uint32_t ino;
	uint32_t uid, gid;
	uint64_t mtime;
	uint32_t mtime_nsec;
	uint32_t nlink;
	uint8_t reserved2[16];
} __attribute__((packed));

struct erofs_xattr_header {
	uint32_t name_filter;
	uint8_t n_shared; /* ids of 4 bytes follow, then entries */
	uint8_t reserved[7];
} __attribute__((packed));

/* Followed by name and value, and by zeros up to a multiple of 4. */
struct erofs_xattr_entry {
	uint8_t name_len;
	uint8_t name_index; /* stands for the name's beginning */
	uint16_t value_size;
} __attribute__((packed));

/* A block of a directory: these, and behind them the names without NULs between them; the first
 * nameoff tells how many there are.  Names ascend by bytes through all blocks. */
struct erofs_dirent {
	uint64_t nid;
	uint16_t nameoff;
	uint8_t type;
	uint8_t reserved;
} __attribute__((packed));

enum erofs_type {
	EROFS_FT_UNKNOWN,
	EROFS_FT_FILE,
	EROFS_FT_DIR,
	EROFS_FT_CHAR,
	EROFS_FT_BLOCK,
	EROFS_FT_FIFO,
	EROFS_FT_SOCKET,
	EROFS_FT_SYMLINK,
};

_Static_assert(sizeof(struct erofs_super) == 128, "size on disk");
_Static_assert(sizeof(struct erofs_inode_compact) == 32, "size on disk");
_Static_assert(sizeof(struct erofs_inode_extended) == 64, "size on disk");
_Static_assert(sizeof(struct erofs_xattr_header) == 12, "size on disk");
_Static_assert(sizeof(struct erofs_xattr_entry) == 4, "size on disk");
_Static_assert(sizeof(struct erofs_dirent) == 12, "size on disk");

#endif
