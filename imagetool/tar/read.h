/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of a tar stream: v7, ustar, PAX, GNU (long names, sparse) and star.
 *
 * Own code, not libarchive's, for one reason: names are bytes.  libarchive
 * turns PAX names into the locale's character set and composes them (NFC), so
 * that a layer's "e" + U+0301 becomes another file.
 *
 * What a stream says is hostile.  Extended headers, names and sparse maps have
 * the limits below and are refused before anything of their size is allocated.
 * Names are handed out as they stand: see entry_path.h for what they may mean.
 * Where readers of tar disagree, this one does what Go's archive/tar does,
 * because that is what other tools verify layers with: links, devices,
 * directories and fifos have no data whatever their size field says, and global
 * PAX headers say nothing about entries.
 */
#ifndef IMAGETOOL_TAR_READ_H
#define IMAGETOOL_TAR_READ_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"

#define TAR_BLOCK        512
#define TAR_EXTENDED_MAX ((size_t)1 << 20)  /* bytes of one extended header or sparse map */
#define TAR_SPARSE_MAX   65536              /* pieces of one sparse file */
#define TAR_XATTRS_MAX   1024               /* of one entry */
#define TAR_SIZE_MAX     ((int64_t)1 << 50) /* of one file, holes included */

enum tar_type {
	TAR_FILE,
	TAR_HARDLINK,
	TAR_SYMLINK,
	TAR_CHAR,
	TAR_BLOCK_DEVICE,
	TAR_DIR,
	TAR_FIFO,
};

struct tar_xattr {
	const char *name;
	const char *value; /* may hold NULs */
	size_t len;
};

/* Everything points into the reader and lives until the next tar_next(). */
struct tar_entry {
	enum tar_type type;
	const char *name;
	const char *link; /* target of links, else "" */
	mode_t mode;      /* 07777 at most */
	int64_t uid, gid;
	struct timespec mtime;
	uint32_t major, minor;
	int64_t size; /* of files, holes included */
	bool sparse;  /* a file stored as a list of pieces, with holes between them */
	const struct tar_xattr *xattrs;
	size_t n_xattrs;
};

/* Where the stream comes from, see decompress_next(). */
struct tar_source {
	int (*next)(void *ctx, const uint8_t **ret, struct err *e);
	void *ctx;
	/* For archives that lie in files: go on `n` bytes further, without reading what is between.
	 * NULL: what is not wanted is read. */
	int (*skip)(void *ctx, int64_t n, struct err *e);
	/* May be NULL.  Called for every entry before it is handed out; its failure ends it all. */
	int (*entry)(void *ctx, struct err *e);
};

struct tar_reader;

struct tar_reader *tar_reader_new(struct tar_source from) MALLOC_LIKE;
void tar_reader_free(struct tar_reader *t);
AUTO_DEFINE(tar_reader, tar_reader_free)

/* Go to the next entry, past the data of the last.  Returns 1, or 0 at the end of the archive. */
int tar_next(struct tar_reader *t, struct tar_entry *ret, struct err *e);

/* The next piece of the entry's data.  Returns 1, or 0 when there is no more; then what lies
 * between the last piece and the entry's size is a hole. */
int tar_data(struct tar_reader *t, const uint8_t **ret, size_t *ret_len, int64_t *ret_offset,
	     struct err *e);

/* Where in the stream the data of the entry begins, before any of it was asked for; -1 when it does
 * not lie there in one piece (sparse files). */
int64_t tar_data_position(const struct tar_reader *t);

/* Read the source to its end, so that who hashes the stream sees all of it. */
int tar_drain(struct tar_reader *t, struct err *e);

#endif
