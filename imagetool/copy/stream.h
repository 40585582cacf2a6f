/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of one blob, from wherever it is: a file, part of an archive, memory,
 * a registry.  Read in order; who has to send them again goes back.
 */
#ifndef IMAGETOOL_COPY_STREAM_H
#define IMAGETOOL_COPY_STREAM_H

#include <stdint.h>
#include <sys/types.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"
#include "oci-spec/image_spec.h"

struct blob_stream {
	/* Fills `buf`; returns how many bytes, 0 at the end. */
	int (*read)(struct blob_stream *s, void *buf, size_t size, struct err *e);
	/* Go on at this byte. */
	int (*seek)(struct blob_stream *s, int64_t offset, struct err *e);
	void (*free)(struct blob_stream *s);
};

static inline void blob_stream_free(struct blob_stream *s)
{
	if (s)
		s->free(s);
}
AUTO_DEFINE(blob_stream, blob_stream_free)

/* `len` bytes of a file from `start` on; takes `fd`. */
struct blob_stream *stream_of_fd(int fd, off_t start, int64_t len);
/* Takes `text`. */
struct blob_stream *stream_of_text(char *text, size_t len);

/*
 * Another stream, takes it, that is checked against the descriptor as it passes: more bytes than
 * promised end it at once, fewer or another digest instead of its end (-IMAGE_EVERIFY).  Who goes
 * back has it read from the beginning again, so that the check covers all of it.
 */
struct blob_stream *stream_checked(struct blob_stream *from, const struct image_descriptor *desc);

/* Read all of a small one. */
int stream_read_all(struct blob_stream *s, size_t max, char **ret, size_t *ret_len, struct err *e);

#endif
