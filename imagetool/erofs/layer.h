/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layer as an uncompressed EROFS image, in overlayfs's terms: a whiteout is
 * a character device 0:0, a directory that hides what lies below it has
 * trusted.overlay.opaque.
 *
 * Everything is written once, as the layer streams; only names, and what
 * directories are like, wait in memory until the end (tree.h).  The same entries
 * give the same bytes.  What a layer may do is judged as layer/apply.h does
 * (how much it may be, by the stream's budget): paths are resolved among the layer's own names, by
 * text alone, so there is nothing outside that they could reach.
 *
 * What the layers below have may be known while the layer streams or not.  When
 * it is not, directories that the layer does not state are listed for who can
 * tell what they are like later, and a hard link to a lower file asks for the layer to be
 * read again.
 */
#ifndef IMAGETOOL_EROFS_LAYER_H
#define IMAGETOOL_EROFS_LAYER_H

#include "imagetool/tar/read.h"
#include "libutil/strv.h"

struct erofs_layer;

/* One thing in the layers below. */
struct erofs_below {
	mode_t mode;
	uint32_t major, minor; /* of a device */
	int64_t uid, gid;
	struct timespec mtime;
	char *target;             /* of a symlink; owned */
	struct tar_xattr *xattrs; /* one block of memory; owned */
	size_t n_xattrs;
};

void erofs_below_done(struct erofs_below *b);
AUTO_DEFINE_DONE(erofs_below, erofs_below_done)

struct erofs_lower {
	/* 1, or 0 when nothing is there.  `path` is relative; its directories were found before. */
	int (*look)(void *ctx, const char *path, struct erofs_below *ret, struct err *e);
	/* A descriptor of the regular file there. */
	int (*open)(void *ctx, const char *path, struct err *e);
	void *ctx;
};

struct erofs_result {
	uint64_t entries, bytes;
	uint64_t lost_xattrs; /* that EROFS has no name for */
	bool root_stated, root_opaque, redo;
	mode_t root_mode; /* 07777 */
	uint32_t root_uid, root_gid;
	struct timespec root_mtime;
	struct strv implied;       /* directories nothing is stated about, parents first */
	struct strv whiteout_dirs; /* directories that have to be there below for whiteouts' sake */
};

void erofs_result_done(struct erofs_result *r);
AUTO_DEFINE_DONE(erofs_result, erofs_result_done)

/* `fd` is an empty file, borrowed; `lower` NULL: not known, else borrowed. */
struct erofs_layer *erofs_layer_new(int fd, const struct erofs_lower *lower) MALLOC_LIKE;
void erofs_layer_free(struct erofs_layer *l);
AUTO_DEFINE(erofs_layer, erofs_layer_free)

/* Put the next entry in; of files the data is read from `t`. */
int erofs_layer_entry(struct erofs_layer *l, const struct tar_entry *n, struct tar_reader *t,
		      struct err *e);
/* Write what waited.  `ret` is filled from nothing. */
int erofs_layer_finish(struct erofs_layer *l, struct erofs_result *ret, struct err *e);
/* All entries of the reader, and finish. */
int erofs_layer_write(int fd, const struct erofs_lower *lower, struct tar_reader *t,
		      struct erofs_result *ret, struct err *e);

#endif
