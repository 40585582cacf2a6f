/* SPDX-License-Identifier: Apache-2.0 */
/* Where a stream of bytes goes: the counterpart of byte_source. */
#ifndef IMAGETOOL_CODEC_BYTE_SINK_H
#define IMAGETOOL_CODEC_BYTE_SINK_H

#include <stddef.h>

#include "libutil/err.h"

/* Takes all of `data` or fails. */
struct byte_sink {
	int (*write)(void *ctx, const void *data, size_t len, struct err *e);
	void *ctx;
};

#endif
