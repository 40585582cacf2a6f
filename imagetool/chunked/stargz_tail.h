/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an eStargz layer ends with: a landmark, the table of contents, both files of its
 * tar stream, and the footer, see position.h and stargz.h.
 */
#ifndef IMAGETOOL_CHUNKED_STARGZ_TAIL_H
#define IMAGETOOL_CHUNKED_STARGZ_TAIL_H

#include "imagetool/chunked/table.h"

/* Files that the tail brings: whichever were there before say something of another blob. */
bool stargz_is_own(const char *name);
/* Behind the last entry of the stream and its padding: the rest of the stream and of the blob. With
 * too many files only the end of the archive, and t->refused says so. */
int stargz_tail_write(struct table *t, struct compress *to, struct chunked_annotations *ret,
		      struct err *e);

#endif
