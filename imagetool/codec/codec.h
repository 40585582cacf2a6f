/* SPDX-License-Identifier: Apache-2.0 */
/* What one compression format does for decompress.c, which owns the buffers. */
#ifndef IMAGETOOL_CODEC_CODEC_H
#define IMAGETOOL_CODEC_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/err.h"

/* Both ends move forward as bytes are taken and made. */
struct codec_io {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
};

enum codec_state {
	CODEC_MORE, /* wants more input or more room */
	CODEC_END,  /* a member or frame is complete and its checksum was right */
};

struct codec {
	const char *name; /* for messages */
	void *(*new)(void);
	void (*free)(void *state);
	/* Get ready for the next member. */
	void (*reset)(void *state);
	/* Returns an enum codec_state, or a negative errno. */
	int (*step)(void *state, struct codec_io *io, struct err *e);
};

extern const struct codec codec_gzip;
extern const struct codec codec_zstd;
/* Archives that ADD unpacks. */
extern const struct codec codec_xz;
extern const struct codec codec_bzip2;

#endif
