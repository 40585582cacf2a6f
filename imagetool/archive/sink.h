/* SPDX-License-Identifier: Apache-2.0 */
/* Where saved images go: an archive or a directory, the same names in both. */
#ifndef IMAGETOOL_ARCHIVE_SINK_H
#define IMAGETOOL_ARCHIVE_SINK_H

#include <stdint.h>

#include "libutil/err.h"

struct sink {
	/* A directory; parents come first. */
	int (*dir)(struct sink *s, const char *name, struct err *e);
	/* A file of `size` bytes begins, ... */
	int (*file)(struct sink *s, const char *name, int64_t size, struct err *e);
	/* ... and these are of it. */
	int (*data)(struct sink *s, const void *data, size_t len, struct err *e);
	/* Nothing comes any more. */
	int (*end)(struct sink *s, struct err *e);
};

/* A tar archive; `fd` is borrowed. */
struct sink *sink_tar_new(int fd);
void sink_tar_free(struct sink *s);
/* Files below a directory; `dirfd` is borrowed. */
struct sink *sink_dir_new(int dirfd);
void sink_dir_free(struct sink *s);

/* A whole small file. */
int sink_text(struct sink *s, const char *name, const char *text, size_t len, struct err *e);

#endif
