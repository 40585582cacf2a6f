/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What travels over the attach socket (SOCK_SEQPACKET).
 *
 * To a client: one byte that says what follows, then at most STREAM_PIECE_MAX
 * bytes.  Tags 2 and 3 are the container's output, as conmon sends it.  Tag 4
 * is ours: a client that read too slowly gets no more output by the socket; the
 * notice says where in the log its output goes on, so that nothing is lost and
 * nobody is held up.  From a client: bare bytes for the container's input.
 */
#ifndef SHIM_IO_FRAME_H
#define SHIM_IO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/io/stream.h"

enum frame_tag {
	FRAME_STDOUT = STREAM_STDOUT,
	FRAME_STDERR = STREAM_STDERR,
	FRAME_BEHIND = 4,
};

/* A whole packet: tag and data. */
#define FRAME_MAX (1 + STREAM_PIECE_MAX)
/* The largest packet of input a client may send. */
#define FRAME_INPUT_MAX ((size_t)32 << 10)

struct frame {
	enum frame_tag tag;
	const char *data; /* points into the packet */
	size_t len;
};

/* 0, or -EBADMSG for a packet that is empty, too long, or has a tag nobody knows. */
int frame_read(const char *packet, size_t len, struct frame *ret);

/* Where the output of a client that fell behind goes on: the log record at `offset` of a file, less
 * the first `skip` bytes of its text.  `in_log` is false when the log could not be written: then
 * there is a gap. */
struct frame_behind {
	bool in_log;
	uint64_t offset;
	uint64_t skip;
	/* Device, inode and time of birth of the file; zeros: the log has but one. */
	uint64_t dev, ino, made_ns;
};

#define FRAME_BEHIND_SIZE 128
/* Returns the length of the packet in `packet`. */
size_t frame_write_behind(char packet[FRAME_BEHIND_SIZE], const struct frame_behind *b);
/* 0, or -EBADMSG. */
int frame_read_behind(const struct frame *f, struct frame_behind *ret);

#endif
