/* SPDX-License-Identifier: Apache-2.0 */
/* PAX extended headers ("LENGTH KEY=VALUE\n" records) and sparse maps as data; no stream here. */
#ifndef IMAGETOOL_TAR_PAX_H
#define IMAGETOOL_TAR_PAX_H

#include "imagetool/tar/read.h"

struct tar_piece {
	int64_t offset, len;
};

struct tar_sparse {
	struct tar_piece *pieces; /* owned */
	size_t n, cap;
};

void tar_sparse_done(struct tar_sparse *s);
int tar_sparse_add(struct tar_sparse *s, int64_t offset, int64_t len, struct err *e);
/* Pieces ascend, do not overlap, end before `real_size`, and hold `data_size` bytes together. */
int tar_sparse_check(const struct tar_sparse *s, int64_t real_size, int64_t data_size,
		     struct err *e);

/* What the records of one header said. Texts point into the header's buffer. */
struct tar_pax {
	const char *path, *link; /* NULL: not said */
	const char *sparse_name;
	const char *sparse_map; /* GNU sparse 0.1 */
	bool has_size, has_uid, has_gid, has_mtime, has_real_size;
	int64_t size, uid, gid, real_size;
	struct timespec mtime;
	int64_t sparse_major, sparse_minor;
	bool sparse;              /* some GNU.sparse record was there */
	struct tar_sparse map;    /* GNU sparse 0.0 and 0.1 */
	struct tar_xattr *xattrs; /* owned array */
	size_t n_xattrs;
};

void tar_pax_done(struct tar_pax *p);

/* `text` (NUL-terminated at text[len]) is written to and must live as long as `p`. */
int tar_pax_parse(struct tar_pax *p, char *text, size_t len, struct err *e);

#endif
