/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar archive, written: ustar headers, and a PAX header in front of what they
 * can't say (long or non-ASCII names and links, sizes from 8 GiB, ids from 2^21,
 * times before 1970 or with a fraction, extended attributes as SCHILY.xattr.).
 *
 * Equal entries give equal bytes, and those that Go's archive/tar writes for the
 * same header in its PAX format, so that a layer made here has the digest that
 * docker, BuildKit or containerd would have given it: no user names, records
 * sorted by key, ustar's prefix never used, names with other than ASCII stripped
 * of it in the old field.
 */
#ifndef IMAGETOOL_TAR_WRITE_H
#define IMAGETOOL_TAR_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "imagetool/codec/byte_sink.h"
#include "imagetool/tar/read.h"

struct tar_writer {
	struct byte_sink to;
	int fd; /* borrowed; for tar_writer_init() */
	/* Times keep their fractions.  Without it they are cut to seconds, as all makers of layers
	 * do: a PAX header per file is avoided, and layers do not differ by what no one sees. */
	bool exact_times;
	/* No time is later than `latest`, for reproducible archives (SOURCE_DATE_EPOCH). */
	bool has_latest;
	int64_t latest;
	int64_t left; /* of the entry's data */
	size_t padding;
	size_t used;
	unsigned char buffer[128 << 10];
};

void tar_writer_init(struct tar_writer *w, int fd);
void tar_writer_init_sink(struct tar_writer *w, struct byte_sink to);

/* Nobody's, of the time 0: a directory (name ends in a slash), and a file's header, which exactly
 * `size` bytes have to follow. */
int tar_write_dir(struct tar_writer *w, const char *name, struct err *e);
int tar_write_file(struct tar_writer *w, const char *name, int64_t size, struct err *e);

/* Any entry.  Directories get their slash here; only files have a size, and exactly so many bytes
 * have to follow. */
int tar_write_entry(struct tar_writer *w, const struct tar_entry *n, struct err *e);
int tar_write_data(struct tar_writer *w, const void *data, size_t len, struct err *e);
/* So many zeros: a hole, or what a file lacks that shrank while it was read. */
int tar_write_zeros(struct tar_writer *w, int64_t len, struct err *e);
/* The end of the archive, and everything written. */
int tar_write_end(struct tar_writer *w, struct err *e);

#endif
