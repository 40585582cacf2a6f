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

/* The verb whose name or alias the words begin with; *ret_n is how many they are. */
const struct verb *verb_find(const struct program *p, char *const *words, size_t *ret_n);
/* The length of the first of spellings that '|' separates; *ret is where the next begins, NULL
 * behind the last. */
size_t verb_spelling(const char *spellings, const char **ret);
/* What is said of words of other programs, or NULL. */
const char *verb_foreign(const struct program *p, char *const *words);
/* A group is the first word of names that have two. */
bool verb_is_group(const struct program *p, const char *word);
/* The second word of a verb of this group, else NULL. */
const char *verb_in_group(const struct verb *v, const char *group);
/* Length of the first word where verb i is the first of its group, else 0. */
size_t verb_group_length(const struct program *p, size_t i);

/* Text of `creel --help` and of `creel VERB --help`. */
void verb_program_help(const struct program *p, struct strbuf *out);
void verb_group_help(const struct program *p, const char *group, struct strbuf *out);
void verb_help(const struct program *p, const struct verb *v, struct strbuf *out);

/* What a verb says about itself: its text and what its table adds. */
void verb_details(const struct verb *v, struct strbuf *out);

#endif
