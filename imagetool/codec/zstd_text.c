/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/codec/zstd_text.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#define LEVEL 9

void zstd_text_done(struct zstd_text *t)
{
	(void)ZSTD_freeCCtx(t->state);
	strbuf_done(&t->out);
	*t = (struct zstd_text){ 0 };
}

static void *state_of(struct zstd_text *t)
{
	if (t->state)
		return t->state;
	t->state = ZSTD_createCCtx();
	if (!t->state ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(t->state, ZSTD_c_compressionLevel, LEVEL)))
		abort();
	return t->state;
}

static void step(struct zstd_text *t, const void *data, size_t len, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { .src = data, .size = len };
	size_t left = 1;

	while (!t->failed && (in.pos < in.size || (how == ZSTD_e_end && left))) {
		ZSTD_outBuffer out = { .size = ZSTD_CStreamOutSize() };

		out.dst = strbuf_reserve(&t->out, out.size);
		left = out.dst ? ZSTD_compressStream2(state_of(t), &out, &in, how) : 0;
		t->failed = !out.dst || ZSTD_isError(left);
		if (!t->failed)
			strbuf_commit(&t->out, out.pos);
	}
}

void zstd_text_add(struct zstd_text *t, const void *data, size_t len)
{
	t->plain += (int64_t)len;
	step(t, data, len, ZSTD_e_continue);
}

int zstd_text_end(struct zstd_text *t, const char *what, struct err *e)
{
	step(t, "", 0, ZSTD_e_end);
	if (t->failed)
		return err_set(e, E2BIG, "the %s is larger than it may be", what);
	return 0;
}
