/* SPDX-License-Identifier: Apache-2.0 */
/* xz: archives that ADD unpacks.  No layer is compressed so. */
#include <errno.h>

#include "imagetool/codec/codec.h"

#ifdef HAVE_LZMA

#include <lzma.h>
#include <string.h>

#include "libutil/alloc.h"

/* What `xz -9` needs is a quarter of it. */
#define MEMORY_MAX ((uint64_t)256 << 20)

struct xz {
	lzma_stream stream;
	bool fresh; /* between streams */
	bool failed;
};

static void *xz_new(void)
{
	return xcalloc(1, sizeof(struct xz));
}

static void xz_reset(void *state)
{
	struct xz *x = state;

	x->fresh = true;
	x->failed = lzma_stream_decoder(&x->stream, MEMORY_MAX, 0) != LZMA_OK;
}

static void xz_free(void *state)
{
	struct xz *x = state;

	lzma_end(&x->stream);
	free(x);
}

static int explain(lzma_ret r, struct err *e)
{
	switch (r) {
	case LZMA_MEM_ERROR:
		return err_set(e, ENOMEM, "not enough memory");
	case LZMA_MEMLIMIT_ERROR:
		return err_set(e, E2BIG, "wants more than %d MiB of memory",
			       (int)(MEMORY_MAX >> 20));
	case LZMA_OPTIONS_ERROR:
		return err_set(e, EBADMSG, "unknown options");
	default:
		return err_set(e, EBADMSG, "damaged");
	}
}

static int xz_step(void *state, struct codec_io *io, struct err *e)
{
	struct xz *x = state;
	lzma_ret r;

	if (x->failed)
		return explain(LZMA_MEM_ERROR, e);
	/* Zeros may stand between and after streams. */
	while (x->fresh && io->in_len > 0 && *io->in == 0) {
		io->in++;
		io->in_len--;
	}
	if (x->fresh && io->in_len == 0)
		return CODEC_END;
	x->fresh = false;
	x->stream.next_in = io->in;
	x->stream.avail_in = io->in_len;
	x->stream.next_out = io->out;
	x->stream.avail_out = io->out_len;
	r = lzma_code(&x->stream, LZMA_RUN);
	/* LZMA_BUF_ERROR: it wants input or room, which the caller sees by itself. */
	if (r != LZMA_OK && r != LZMA_STREAM_END && r != LZMA_BUF_ERROR)
		return explain(r, e);
	io->in += io->in_len - x->stream.avail_in;
	io->in_len = x->stream.avail_in;
	io->out += io->out_len - x->stream.avail_out;
	io->out_len = x->stream.avail_out;
	return r == LZMA_STREAM_END ? CODEC_END : CODEC_MORE;
}

#else

/* Told when it is read. */
static void *xz_new(void)
{
	static char nothing;

	return &nothing;
}

static void xz_reset(void *state)
{
	(void)state;
}

static void xz_free(void *state)
{
	(void)state;
}

static int xz_step(void *state, struct codec_io *io, struct err *e)
{
	(void)state;
	(void)io;
	return err_set(e, ENOTSUP, "creel-image was built without liblzma");
}

#endif

const struct codec codec_xz = {
	.name = "xz",
	.new = xz_new,
	.free = xz_free,
	.reset = xz_reset,
	.step = xz_step,
};
