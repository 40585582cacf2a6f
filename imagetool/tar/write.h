/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar archive written to a descriptor: ustar, nobody's files, the time 0, so
 * that equal content gives equal bytes.
 */
#ifndef IMAGETOOL_TAR_WRITE_H
#define IMAGETOOL_TAR_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/err.h"

/* Longest name in one header field. */
#define TAR_WRITE_NAME_MAX 100

struct tar_writer {
	int fd;       /* borrowed */
	int64_t left; /* of the entry's data */
	size_t padding;
	size_t used;
	unsigned char buffer[128 << 10];
};

void tar_writer_init(struct tar_writer *w, int fd);
int tar_write_dir(struct tar_writer *w, const char *name, struct err *e);
/* A file's header; exactly `size` bytes have to follow. */
int tar_write_file(struct tar_writer *w, const char *name, int64_t size, struct err *e);
int tar_write_data(struct tar_writer *w, const void *data, size_t len, struct err *e);
/* The end of the archive, and everything written. */
int tar_write_end(struct tar_writer *w, struct err *e);

#endif
