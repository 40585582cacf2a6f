/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip members.  Of layers' content, on one core (180 MB of programs, texts and modules):
 *
 *   zlib        level 6   24 MB/s   35.7 %
 *   libdeflate  level 6   92 MB/s   35.3 %       level 1  204 MB/s  38.8 %
 *               level 4  106 MB/s   36.4 %
 *   ISA-L       level 3  268 MB/s   39.8 %       level 1  470 MB/s  41.0 %
 *
 * libdeflate is taken where it is there, zlib otherwise.  ISA-L is not: what it writes differs
 * from processor to processor, and a layer's digest must not.
 *
 * A member a block instead of pieces of one member, as pigz writes: libdeflate has no way to stop
 * in the middle of one.  Readers of layers all go on after a member; eStargz has thousands.
 */
#include <stdlib.h>

#include "imagetool/codec/frame.h"
#include "libutil/alloc.h"

#define GZIP_BLOCK ((size_t)1 << 20)

#ifdef HAVE_LIBDEFLATE

#include <libdeflate.h>

/* Smaller than what buildah and umoci write (66.5 MB of the above, where this makes 65.4), for two
 * thirds of their time. */
#define LEVEL_DEFAULT 4

static void *gzip_new(int level)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);

	if (!c)
		abort();
	return c;
}

static void gzip_free(void *state)
{
	libdeflate_free_compressor(state);
}

static size_t gzip_bound(size_t len)
{
	return libdeflate_gzip_compress_bound(NULL, len);
}

static size_t gzip_make(void *state, const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	return libdeflate_gzip_compress(state, in, len, out, size);
}

#else

#include <zlib.h>

#define LEVEL_DEFAULT 6

/* A wrapper of 18 bytes, and what deflateBound() may leave out of it. */
#define WRAPPER       64

static void *gzip_new(int level)
{
	z_stream *s = xcalloc(1, sizeof(*s));

	/* 15 + 16: the largest window, and a gzip wrapper. */
	if (deflateInit2(s, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	return s;
}

static void gzip_free(void *state)
{
	(void)deflateEnd(state);
	free(state);
}

static size_t gzip_bound(size_t len)
{
	return compressBound(len) + WRAPPER;
}

static size_t gzip_make(void *state, const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	z_stream *s = state;

	if (deflateReset(s) != Z_OK)
		return 0;
	/* The library takes a pointer to non-const and does not write through it. */
	s->next_in = (Bytef *)(uintptr_t)in;
	s->avail_in = (uInt)len;
	s->next_out = out;
	s->avail_out = (uInt)size;
	return deflate(s, Z_FINISH) == Z_STREAM_END ? size - s->avail_out : 0;
}

#endif

const struct frame_codec frame_gzip = {
	.name = "gzip",
	.level_default = LEVEL_DEFAULT,
	.level_max = 9,
	.block = GZIP_BLOCK,
	.new = gzip_new,
	.free = gzip_free,
	.bound = gzip_bound,
	.make = gzip_make,
};
