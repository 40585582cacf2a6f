/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer whose parts can be had alone: frames begin where the content of files does, and a table
 * of contents says where that is.  Any reader of the compression reads the layer.
 *
 *   zstd:chunked  the tar stream is the same as before; the table lies behind it
 *   eStargz       gzip; the table is the stream's last file, so the stream is another one.
 *                 Such files of an older table are left out.
 *
 * Large files are cut where their content says (a rolling hash), so that a change in one
 * place leaves the other parts what they were.
 */
#ifndef IMAGETOOL_CHUNKED_WRITE_H
#define IMAGETOOL_CHUNKED_WRITE_H

#include "imagetool/chunked/table.h"

/* From the stream `from`, read to its end, into `to`, made with cuts for the compression of `form`.
 * *ret_refused: why the layer has no table, which some can't have, or NULL. */
int chunked_write(enum chunked_form form, struct tar_source from, struct compress *to,
		  struct chunked_annotations *ret, const char **ret_refused, struct err *e);

#endif
