/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive that lies in a file: its members are found by one walk from header to
 * header, and read where they are.  One that is compressed, or comes through a pipe,
 * is written to a file without a name first.
 */
#ifndef IMAGETOOL_ARCHIVE_FILE_H
#define IMAGETOOL_ARCHIVE_FILE_H

#include "imagetool/archive/members.h"

struct archive_file {
	int fd; /* of the plain tar archive */
	struct members members;
};
#define ARCHIVE_FILE_INIT                                                                          \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* "-" is standard input.  What is compressed may hold `max_bytes` (0: BUDGET_BYTES). */
int archive_file_open(const char *path, int64_t max_bytes, struct archive_file *ret, struct err *e);
void archive_file_done(struct archive_file *f);
AUTO_DEFINE_DONE(archive_file, archive_file_done)

/* A file without a name for what has to lie somewhere for a while: in $TMPDIR, else /var/tmp.
 * Returns a descriptor of the caller's. */
int archive_spool(struct err *e);

/* By name, through links; NULL with `e` set when there is no such file. */
const struct member *archive_file_find(const struct archive_file *f, const char *name,
				       struct err *e);
/* All of a small member. */
int archive_file_read(const struct archive_file *f, const struct member *m, size_t max, char **ret,
		      size_t *ret_len, struct err *e);

#endif
