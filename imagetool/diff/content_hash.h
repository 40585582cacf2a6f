/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of a file's content that comes in pieces with holes between them. */
#ifndef IMAGETOOL_DIFF_CONTENT_HASH_H
#define IMAGETOOL_DIFF_CONTENT_HASH_H

#include "imagetool/diff/ftree.h"
#include "libutil/digest.h"

struct content_hash {
	struct digest *digest; /* owned */
	int64_t at;
};

void content_hash_begin(struct content_hash *h);
void content_hash_add(struct content_hash *h, int64_t offset, const void *data, size_t len);
/* Up to `size`; releases what it holds. */
void content_hash_end(struct content_hash *h, int64_t size, uint8_t ret[FTREE_HASH_SIZE]);

/* Of an open file, as long as it is now. */
int content_hash_fd(int fd, uint8_t ret[FTREE_HASH_SIZE], struct err *e);
/* Of the file at `path` in a tree that others may change: through no link. */
int content_hash_beneath(int rootfd, const char *path, uint8_t ret[FTREE_HASH_SIZE], struct err *e);

#endif
