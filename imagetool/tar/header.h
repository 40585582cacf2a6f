/* SPDX-License-Identifier: Apache-2.0 */
/* One 512-byte header block as numbers and text; no stream here. */
#ifndef IMAGETOOL_TAR_HEADER_H
#define IMAGETOOL_TAR_HEADER_H

#include "imagetool/tar/read.h"

/* Offsets and sizes of fields, POSIX ustar and GNU tar. */
#define TAR_FIELDS(X)                                                                              \
	X(NAME, 0, 100)                                                                            \
	X(MODE, 100, 8)                                                                            \
	X(UID, 108, 8)                                                                             \
	X(GID, 116, 8)                                                                             \
	X(SIZE, 124, 12)                                                                           \
	X(MTIME, 136, 12)                                                                          \
	X(CHECKSUM, 148, 8)                                                                        \
	X(TYPE, 156, 1)                                                                            \
	X(LINK, 157, 100)                                                                          \
	X(MAGIC, 257, 8)                                                                           \
	X(UNAME, 265, 32)                                                                          \
	X(GNAME, 297, 32)                                                                          \
	X(MAJOR, 329, 8)                                                                           \
	X(MINOR, 337, 8)                                                                           \
	X(PREFIX, 345, 155)                                                                        \
	X(STAR_PREFIX, 345, 131)                                                                   \
	X(STAR_TRAILER, 508, 4)                                                                    \
	X(GNU_SPARSE, 386, 96)                                                                     \
	X(GNU_EXTENDED, 482, 1)                                                                    \
	X(GNU_REALSIZE, 483, 12)                                                                   \
	X(GNU_MORE_SPARSE, 0, 504)                                                                 \
	X(GNU_MORE_EXTENDED, 504, 1)

enum tar_field_offset {
#define X(field, at, len) TAR_AT_##field = (at),
	TAR_FIELDS(X)
#undef X
};
enum tar_field_length {
#define X(field, at, len) TAR_LEN_##field = (len),
	TAR_FIELDS(X)
#undef X
};

/* ustar's name with its prefix */
#define TAR_NAME_SIZE (155 + 1 + 100 + 1)

struct tar_header {
	char type; /* the type flag */
	bool gnu;
	char name[TAR_NAME_SIZE];
	char link[TAR_LEN_LINK + 1];
	mode_t mode;
	int64_t uid, gid, mtime;
	int64_t size;
	uint32_t major, minor;
};

/* A number: octal text, or base-256 when the first bit is set. -EBADMSG when it is neither. */
int tar_number(const uint8_t *field, size_t len, int64_t *ret);

bool tar_block_is_zero(const uint8_t block[TAR_BLOCK]);

/* Checks the sum and every number. */
int tar_header_parse(const uint8_t block[TAR_BLOCK], struct tar_header *ret, struct err *e);

#endif
