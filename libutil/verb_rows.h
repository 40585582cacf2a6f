/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of verb.h share. */
#ifndef LIBUTIL_VERB_ROWS_H
#define LIBUTIL_VERB_ROWS_H

#include "libutil/verb.h"

/*
 * The program's global rows and one for --version (-v where the letter is
 * free), whose bool lies behind the program's own values.  The values take
 * *ret_size bytes, the bool is at *ret_version; free() the rows.
 */
struct opt *verb_global_rows(const struct program *p, size_t *ret_size, size_t *ret_version);

const struct verb *verb_find(const struct program *p, const char *name);

/* Text of `creel --help` and of `creel VERB --help`. */
void verb_program_help(const struct program *p, struct strbuf *out);
void verb_help(const struct program *p, const struct verb *v, struct strbuf *out);

/* What a verb says about itself: its text and what its table adds. */
void verb_details(const struct verb *v, struct strbuf *out);

#endif
