/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records on their way to a file.  Short texts are copied together, for one
 * write of many kilobytes is cheaper than thousands of iovecs; long ones are
 * pointed to.  The memory is the caller's and must stay until the write.
 */
#ifndef SHIM_LOG_BATCH_H
#define SHIM_LOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>

#define BATCH_IOV 64
/* Texts of this length and more are not copied. */
#define BATCH_COPY_MAX ((size_t)512)

struct batch {
	struct iovec iov[BATCH_IOV];
	size_t n;
	char *buf; /* lent */
	size_t size, used;
	size_t bytes; /* of all iovecs */
};

static inline void batch_init(struct batch *b, char *buf, size_t size)
{
	b->buf = buf;
	b->size = size;
	b->n = b->used = b->bytes = 0;
}

/* Is there room for `copied` bytes and for one text that is pointed to, with copies around it? */
static inline bool batch_has_room(const struct batch *b, size_t copied)
{
	return b->size - b->used >= copied && BATCH_IOV - b->n >= 3;
}

/* Where the next copied bytes go. */
static inline char *batch_at(const struct batch *b)
{
	return b->buf + b->used;
}

/* `len` bytes were written at batch_at(). */
static inline void batch_commit(struct batch *b, size_t len)
{
	struct iovec *last = b->n > 0 ? &b->iov[b->n - 1] : NULL;
	char *from = batch_at(b);

	if (last && (char *)last->iov_base + last->iov_len == from)
		last->iov_len += len;
	else
		b->iov[b->n++] = (struct iovec){ .iov_base = from, .iov_len = len };
	b->used += len;
	b->bytes += len;
}

static inline void batch_copy(struct batch *b, const char *text, size_t len)
{
	memcpy(batch_at(b), text, len);
	batch_commit(b, len);
}

/* An iovec's base is not const because readv() shares the type; nothing writes through it. */
static inline void batch_point(struct batch *b, const char *text, size_t len)
{
	union {
		const char *in;
		void *out;
	} base = { .in = text };

	b->iov[b->n++] = (struct iovec){ .iov_base = base.out, .iov_len = len };
	b->bytes += len;
}

#endif
