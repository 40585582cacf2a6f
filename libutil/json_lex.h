/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the words of a JSON text, for json_read.c.  The text is UTF-8 already. */
#ifndef LIBUTIL_JSON_LEX_H
#define LIBUTIL_JSON_LEX_H

#include <stddef.h>

enum json_word {
	JSON_WORD_END, /* of the text, also in the middle of a string */
	JSON_WORD_BAD,
	JSON_WORD_OBJECT, /* { */
	JSON_WORD_OBJECT_END,
	JSON_WORD_ARRAY, /* [ */
	JSON_WORD_ARRAY_END,
	JSON_WORD_COLON,
	JSON_WORD_COMMA,
	JSON_WORD_STRING,
	JSON_WORD_NUMBER,
	JSON_WORD_TRUE,
	JSON_WORD_FALSE,
	JSON_WORD_NULL,
};

struct json_lexer {
	const char *text;
	size_t len;
	size_t begin, end; /* of the newest word */
	const char *s; /* what the string says, in the text or in `plain`; a number as written */
	size_t s_len;
	const char *why; /* JSON_WORD_BAD: what is wrong with it */
	char *plain;     /* owned; strings without their escapes */
	size_t plain_room;
};

/* The next word behind blanks. */
enum json_word json_lex(struct json_lexer *l);
void json_lexer_done(struct json_lexer *l);

#endif
