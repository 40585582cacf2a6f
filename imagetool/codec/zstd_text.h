/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is compressed as it is written, into memory: one zstd frame. */
#ifndef IMAGETOOL_CODEC_ZSTD_TEXT_H
#define IMAGETOOL_CODEC_ZSTD_TEXT_H

#include <stdint.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"

struct zstd_text {
	void *state;       /* the library's; NULL: nothing was written */
	struct strbuf out; /* the frame, once it has ended */
	int64_t plain;     /* bytes that came in */
	bool failed;
};
void zstd_text_done(struct zstd_text *t);
AUTO_DEFINE_DONE(zstd_text, zstd_text_done)

/* Failures show at the end. */
void zstd_text_add(struct zstd_text *t, const void *data, size_t len);
int zstd_text_end(struct zstd_text *t, const char *what, struct err *e);

#endif
