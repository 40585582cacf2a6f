/* SPDX-License-Identifier: Apache-2.0 */
/* What a zstd:chunked layer ends with, behind its tar stream, see position.h. */
#ifndef IMAGETOOL_CHUNKED_ZSTD_TAIL_H
#define IMAGETOOL_CHUNKED_ZSTD_TAIL_H

#include "imagetool/chunked/table.h"

/* Behind the stream, which was flushed. */
int zstd_tail_write(struct table *t, struct compress *to, struct chunked_annotations *ret,
		    struct err *e);

#endif
