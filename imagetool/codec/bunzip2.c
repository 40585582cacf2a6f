/* SPDX-License-Identifier: Apache-2.0 */
/* bzip2: archives that ADD unpacks.  No layer is compressed so. */
#include <errno.h>

#include "imagetool/codec/codec.h"

#ifdef HAVE_BZ2

#include <bzlib.h>
#include <limits.h>
#include <string.h>

#include "libutil/alloc.h"

struct bz {
	bz_stream stream;
	bool open;
};

static void *bz_new(void)
{
	return xcalloc(1, sizeof(struct bz));
}

static void bz_close(struct bz *b)
{
	if (b->open)
		(void)BZ2_bzDecompressEnd(&b->stream);
	b->open = false;
}

static void bz_reset(void *state)
{
	struct bz *b = state;

	bz_close(b);
	memset(&b->stream, 0, sizeof(b->stream));
	b->open = BZ2_bzDecompressInit(&b->stream, 0, 0) == BZ_OK;
}

static void bz_free(void *state)
{
	bz_close(state);
	free(state);
}

static unsigned bounded(size_t len)
{
	return len < UINT_MAX ? (unsigned)len : UINT_MAX;
}

static int bz_step(void *state, struct codec_io *io, struct err *e)
{
	struct bz *b = state;
	unsigned in = bounded(io->in_len), out = bounded(io->out_len);
	int r;

	if (!b->open)
		return err_set(e, ENOMEM, "not enough memory");
	/* The library takes it without const, and does not write. */
	memcpy(&b->stream.next_in, &io->in, sizeof(io->in));
	b->stream.avail_in = in;
	b->stream.next_out = (char *)io->out;
	b->stream.avail_out = out;
	r = BZ2_bzDecompress(&b->stream);
	if (r == BZ_MEM_ERROR)
		return err_set(e, ENOMEM, "not enough memory");
	if (r != BZ_OK && r != BZ_STREAM_END)
		return err_set(e, EBADMSG, "damaged");
	io->in += in - b->stream.avail_in;
	io->in_len -= in - b->stream.avail_in;
	io->out += out - b->stream.avail_out;
	io->out_len -= out - b->stream.avail_out;
	return r == BZ_STREAM_END ? CODEC_END : CODEC_MORE;
}

#else

/* Told when it is read. */
static void *bz_new(void)
{
	static char nothing;

	return &nothing;
}

static void bz_reset(void *state)
{
	(void)state;
}

static void bz_free(void *state)
{
	(void)state;
}

static int bz_step(void *state, struct codec_io *io, struct err *e)
{
	(void)state;
	(void)io;
	return err_set(e, ENOTSUP, "creel-image was built without libbz2");
}

#endif

const struct codec codec_bzip2 = {
	.name = "bzip2",
	.new = bz_new,
	.free = bz_free,
	.reset = bz_reset,
	.step = bz_step,
};
