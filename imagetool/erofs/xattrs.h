/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes of an image.  What comes a second time goes to an area
 * that inodes share; ids in it are known at once, its place at the end.
 */
#ifndef IMAGETOOL_EROFS_XATTRS_H
#define IMAGETOOL_EROFS_XATTRS_H

#include <stdint.h>

#include "imagetool/erofs/space.h"
#include "imagetool/tar/read.h"
#include "libutil/strbuf.h"

#define XATTRS_KEPT_MAX 4096 /* different ones that can be shared, */
#define XATTRS_KEPT_LEN 512  /* and how long they may be */

struct xattrs_kept {
	uint32_t at; /* in the texts */
	uint32_t len;
	uint32_t shared; /* id + 1; 0: was seen once */
};

struct xattrs {
	struct strbuf texts;  /* entries as they lie on disk */
	struct strbuf shared; /* the area */
	struct xattrs_kept *kept;
	uint32_t n_kept;
	uint16_t *slots; /* hash of the text; number + 1 */
	struct strbuf body;
	uint64_t skipped; /* attributes that EROFS has no name for, or such a file cannot have */
};

void xattrs_done(struct xattrs *x);
AUTO_DEFINE_DONE(xattrs, xattrs_done)

/* What stands behind an inode of this type that has these: *ret and its length, a multiple of 4; 0
 * when there are none.  Valid until the next call. */
int xattrs_body(struct xattrs *x, mode_t type, const struct tar_xattr *list, size_t n,
		const char **ret, size_t *ret_len, struct err *e);
/* i_xattr_icount. */
uint16_t xattrs_count(size_t body_len);
/* Write the shared area, if there is one; *ret_block is what its ids count from. */
int xattrs_write(struct xattrs *x, struct space *s, uint32_t *ret_block, struct err *e);

#endif
