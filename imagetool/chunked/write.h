/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer as zstd:chunked: its tar stream unchanged, but with frames that begin and end
 * where the content of files does, so that they can be had alone, and a table of contents
 * behind it.  Any reader of zstd gets the same stream.
 *
 * Large files are cut where their content says (a rolling hash), so that a change in one
 * place leaves the other parts what they were.
 */
#ifndef IMAGETOOL_CHUNKED_WRITE_H
#define IMAGETOOL_CHUNKED_WRITE_H

#include "imagetool/chunked/table.h"

/* From the stream `from`, read to its end, into `to`, made for zstd with cuts.  *ret_refused: why
 * the layer has no table, which some can't have, or NULL. */
int chunked_write(struct tar_source from, struct compress *to, struct chunked_annotations *ret,
		  const char **ret_refused, struct err *e);

#endif
