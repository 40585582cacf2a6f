/* SPDX-License-Identifier: Apache-2.0 */
/* Paragraphs folded into a column, for help texts. */
#ifndef LIBUTIL_WRAP_H
#define LIBUTIL_WRAP_H

#include "libutil/strbuf.h"

#define WRAP_WIDTH 80

/*
 * Append `text` folded at WRAP_WIDTH, each line but the first indented by
 * `column` (where the caller stands already), and a new line at the end.  A line
 * of `text` that begins with a blank is kept as it is; an empty one separates
 * paragraphs.
 */
void wrap_text(struct strbuf *out, const char *text, int column);

/* How many columns a UTF-8 text takes; every character counts one. */
int wrap_columns(const char *text, size_t len);

#endif
