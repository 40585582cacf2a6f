/* SPDX-License-Identifier: Apache-2.0 */
/* zstd frames, skippable ones included (the library passes over them). */
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "imagetool/codec/codec.h"
#include "imagetool/codec/decompress.h"

static void *zstd_new(void)
{
	ZSTD_DCtx *s = ZSTD_createDCtx();

	if (!s || ZSTD_isError(ZSTD_DCtx_setParameter(s, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX)))
		abort();
	return s;
}

static void zstd_reset(void *state)
{
	(void)ZSTD_DCtx_reset(state, ZSTD_reset_session_only);
}

static void zstd_free(void *state)
{
	(void)ZSTD_freeDCtx(state);
}

static int zstd_step(void *state, struct codec_io *io, struct err *e)
{
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_len };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_len };
	size_t r = ZSTD_decompressStream(state, &out, &in);

	if (ZSTD_getErrorCode(r) == ZSTD_error_frameParameter_windowTooLarge)
		return err_set(e, E2BIG, "wants a window of more than %d MiB",
			       1 << (ZSTD_WINDOW_LOG_MAX - 20));
	if (ZSTD_isError(r))
		return err_set(e, EBADMSG, "%s", ZSTD_getErrorName(r));
	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	return r == 0 ? CODEC_END : CODEC_MORE;
}

const struct codec codec_zstd = {
	.name = "zstd",
	.new = zstd_new,
	.free = zstd_free,
	.reset = zstd_reset,
	.step = zstd_step,
};
