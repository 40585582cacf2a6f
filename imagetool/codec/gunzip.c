/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip members.  ISA-L inflates about three times as fast as zlib; zlib is what
 * every machine has.  Both check the member's CRC and length.
 */
#include "imagetool/codec/codec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "libutil/alloc.h"

static uint32_t clamp(size_t n)
{
	return n > INT_MAX ? INT_MAX : (uint32_t)n;
}

#ifdef HAVE_ISAL

#include <isa-l/igzip_lib.h>

static void gzip_reset(void *state)
{
	struct inflate_state *s = state;

	isal_inflate_reset(s);
	s->crc_flag = ISAL_GZIP;
}

static void *gzip_new(void)
{
	struct inflate_state *s = xcalloc(1, sizeof(*s));

	isal_inflate_init(s);
	s->crc_flag = ISAL_GZIP;
	return s;
}

static void gzip_free(void *state)
{
	free(state);
}

static const char *isal_reason(int code)
{
	switch (code) {
	case ISAL_INVALID_WRAPPER:
		return "not a gzip header";
	case ISAL_UNSUPPORTED_METHOD:
		return "unknown compression method";
	case ISAL_INCORRECT_CHECKSUM:
		return "checksum mismatch";
	default:
		return "invalid deflate data";
	}
}

static int gzip_step(void *state, struct codec_io *io, struct err *e)
{
	struct inflate_state *s = state;
	uint32_t in = clamp(io->in_len), out = clamp(io->out_len);
	int r;

	/* The library takes a pointer to non-const and does not write through it. */
	s->next_in = (uint8_t *)(uintptr_t)io->in;
	s->avail_in = in;
	s->next_out = io->out;
	s->avail_out = out;
	r = isal_inflate(s);
	/* Positive values say that a header field did not fit, which is not asked for. */
	if (r < 0)
		return err_set(e, EBADMSG, "%s", isal_reason(r));
	io->in += in - s->avail_in;
	io->in_len -= in - s->avail_in;
	io->out += out - s->avail_out;
	io->out_len -= out - s->avail_out;
	return s->block_state == ISAL_BLOCK_FINISH ? CODEC_END : CODEC_MORE;
}

#else

#include <zlib.h>

static void *gzip_new(void)
{
	z_stream *s = xcalloc(1, sizeof(*s));

	/* 15 + 16: the largest window, and a gzip wrapper only. */
	if (inflateInit2(s, 15 + 16) != Z_OK)
		abort();
	return s;
}

static void gzip_reset(void *state)
{
	(void)inflateReset(state);
}

static void gzip_free(void *state)
{
	(void)inflateEnd(state);
	free(state);
}

static int gzip_step(void *state, struct codec_io *io, struct err *e)
{
	z_stream *s = state;
	uint32_t in = clamp(io->in_len), out = clamp(io->out_len);
	int r;

	s->next_in = (Bytef *)(uintptr_t)io->in;
	s->avail_in = in;
	s->next_out = io->out;
	s->avail_out = out;
	r = inflate(s, Z_NO_FLUSH);
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return err_set(e, EBADMSG, "%s", s->msg ? s->msg : "invalid deflate data");
	io->in += in - s->avail_in;
	io->in_len -= in - s->avail_in;
	io->out += out - s->avail_out;
	io->out_len -= out - s->avail_out;
	return r == Z_STREAM_END ? CODEC_END : CODEC_MORE;
}

#endif

const struct codec codec_gzip = {
	.name = "gzip",
	.new = gzip_new,
	.free = gzip_free,
	.reset = gzip_reset,
	.step = gzip_step,
};
