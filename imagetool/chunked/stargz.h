/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the end of an eStargz layer looks like: a gzip member that holds the end of the
 * tar stream, whose one file is the table of contents; and the footer, an empty gzip
 * member whose extra field says where that member begins.
 */
#ifndef IMAGETOOL_CHUNKED_STARGZ_H
#define IMAGETOOL_CHUNKED_STARGZ_H

#include "imagetool/chunked/position.h"
#include "libutil/strbuf.h"

#define STARGZ_FOOTER     51
#define STARGZ_TABLE_NAME "stargz.index.json"
/* Files that say where what is wanted first ends, or that nothing is. */
#define STARGZ_PREFETCH    ".prefetch.landmark"
#define STARGZ_NO_PREFETCH ".no.prefetch.landmark"

/* `footer` are the last STARGZ_FOOTER bytes of a blob of `size`; fills the places of `p`. */
int stargz_footer(const uint8_t *footer, int64_t size, struct chunked_position *p, struct err *e);
/* The table in the end of the tar stream. */
int stargz_table(const void *stream, size_t len, struct strbuf *ret, struct err *e);

#endif
