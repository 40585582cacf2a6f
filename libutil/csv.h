/* SPDX-License-Identifier: Apache-2.0 */
/* Words with commas between them, as options have them: one line of CSV. */
#ifndef LIBUTIL_CSV_H
#define LIBUTIL_CSV_H

#include "libutil/strbuf.h"

/* The next word of *at into `ret`, without the double quotes around it, in which a quote is written
 * twice; *at moves behind its comma.  False for quotes that are not closed, have text behind them,
 * or stand inside a word. */
bool csv_next(const char **at, struct strbuf *ret);

#endif
