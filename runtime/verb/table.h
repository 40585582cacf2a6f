/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: columns for people. */
#ifndef RUNTIME_VERB_TABLE_H
#define RUNTIME_VERB_TABLE_H

#include "libutil/strbuf.h"

/* Lines of tab-separated cells to aligned columns, three blanks between them, none at the end of a
 * line. */
void table_align(const char *rows, struct strbuf *out);

#endif
