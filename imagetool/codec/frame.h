/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one compression format does for compress.c: make a frame that can be read alone out of one
 * block of bytes.  The frames of a stream depend on nothing but its bytes, format and level, so
 * any number of threads makes the same stream.
 */
#ifndef IMAGETOOL_CODEC_FRAME_H
#define IMAGETOOL_CODEC_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/err.h"

struct frame_codec {
	const char *name;
	int level_default, level_max; /* from 1 */
	size_t block;                 /* bytes of one frame, but of the last */
	/* One state a thread. */
	void *(*new)(int level);
	void (*free)(void *state);
	/* What a frame of one block takes at most. */
	size_t (*bound)(size_t len);
	/* Returns the frame's length, 0 when the library failed. */
	size_t (*make)(void *state, const uint8_t *in, size_t len, uint8_t *out, size_t size);
};

extern const struct frame_codec frame_gzip;
extern const struct frame_codec frame_zstd;

#endif
