/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: columns for people. */
#ifndef RUNTIME_VERB_TABLE_H
#define RUNTIME_VERB_TABLE_H

#include "libutil/strbuf.h"

/* One cell, with what a terminal would obey made visible; `end` is a tab or a new line. */
void table_cell(struct strbuf *rows, const char *text, char end);

/* Lines of tab-separated cells to aligned columns, three blanks between them, none at the end of a
 * line. */
void table_align(const char *rows, struct strbuf *out);

#endif
