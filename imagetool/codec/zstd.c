/* SPDX-License-Identifier: Apache-2.0 */
/* zstd frames, each with its checksum and its content's size. */
#include <stdlib.h>
#include <zstd.h>

#include "imagetool/codec/frame.h"

/* Twice the window of level 3: smaller frames lose what they could have referred to. */
#define ZSTD_BLOCK ((size_t)4 << 20)

static void *frame_new(int level)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();

	if (!c || ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1)))
		abort();
	return c;
}

static void frame_free(void *state)
{
	(void)ZSTD_freeCCtx(state);
}

static size_t frame_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

static size_t frame_make(void *state, const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	size_t r = ZSTD_compress2(state, out, size, in, len);

	return ZSTD_isError(r) ? 0 : r;
}

const struct frame_codec frame_zstd = {
	.name = "zstd",
	.level_default = 3,
	.level_max = 19,
	.block = ZSTD_BLOCK,
	.new = frame_new,
	.free = frame_free,
	.bound = frame_bound,
	.make = frame_make,
};
