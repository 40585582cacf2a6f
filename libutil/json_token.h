/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of a JSON text (RFC 8259, section 3, 6 and 7): strings, numbers, true, false and null.
 * The text was looked through already: it is UTF-8 and has no halves of surrogate pairs.
 */
#ifndef LIBUTIL_JSON_TOKEN_H
#define LIBUTIL_JSON_TOKEN_H

#include "libutil/json.h"

/* What is wrong with a word that stops at the end of the text. */
extern const char json_token_cut[];

/* Each begins at *at, moves it behind the word, and returns NULL, or says what is wrong with the
 * word and leaves *at where it is. */

/* The string whose opening quote is at *at.  *ret lies in the text or, when there were escapes to
 * be read, in `room`, until the next string. */
const char *json_token_string(const char **at, const char *end, struct strbuf *room,
			      const char **ret, size_t *ret_len);
/* The number that begins with a digit or '-' at *at. */
const char *json_token_number(const char **at, const char *end);
/* `word`, whose first letter is at *at. */
const char *json_token_word(const char **at, const char *end, const char *word);

/* What number() reads; false when no double is as large.  At most JSON_NUMBER_MAX bytes. */
#define JSON_NUMBER_MAX 400
bool json_token_value(const char *s, size_t len, struct json_number *ret);

#endif
