/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The k8s-file (CRI) log format, one record a line:
 *
 *     2026-01-02T03:04:05.000000006Z stdout F text
 *
 * The tag is F when the container wrote a newline after the text and P when the
 * text goes on in the next record of the same stream (a line longer than a
 * piece, or output that came without its newline yet).  So joining the texts,
 * with a newline after each F, gives back every byte.  Pure: no system call.
 */
#ifndef SHIM_IO_LOGLINE_H
#define SHIM_IO_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include "shim/io/stream.h"

/* "TIME stdout F " and a NUL. */
#define LOGLINE_HEAD_SIZE 48

/* The two beginnings that all records of one batch share. */
struct logline_heads {
	char full[LOGLINE_HEAD_SIZE];
	char part[LOGLINE_HEAD_SIZE];
	size_t len; /* of either */
};

void logline_heads(struct logline_heads *h, enum stream stream, struct timespec when);

/* Iovecs one record may need: head, text, newline. */
#define LOGLINE_IOV 3

/* Turn output into records: fill at most `max` (>= LOGLINE_IOV) iovecs that point into `h` and
 * `data`. Returns how many; *ret_used says how many bytes of `data` they cover, which is > 0 when
 * len is. */
size_t logline_fill(struct iovec *iov, size_t max, const struct logline_heads *h, const char *data,
		    size_t len, size_t *ret_used);

/* Longest record the reader takes; writers of other programs go up to 16 KiB of text. */
#define LOGLINE_MAX ((size_t)64 << 10)

/* One record; the pointers point into the text that was read. */
struct logline {
	const char *time;
	size_t time_len;
	enum stream stream;
	bool partial;
	const char *text;
	size_t len;
};

/* Read the record at the start of `buf`.  Returns its bytes, newline included; 0 when its newline
 * has not come yet; -EBADMSG when this is no record and -EMSGSIZE when it is longer than
 * LOGLINE_MAX. */
ssize_t logline_read(const char *buf, size_t len, struct logline *ret);

#endif
