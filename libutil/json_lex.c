/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/json_lex.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"

/* What a byte can be where a word begins; tables, since this is where a reader's time goes. */
enum byte_class {
	OTHER,
	BLANK,
	CONTROL,
	QUOTE,
	BACKSLASH,
	DIGIT,
	MINUS,
	MARK,    /* a word of its own */
	LETTER,  /* the first of a word */
	COMMENT, /* the first of one in JavaScript */
};

/* clang-format off */
static const uint8_t classes[256] = {
	[0x00 ... 0x08] = CONTROL, [0x0b ... 0x0c] = CONTROL, [0x0e ... 0x1f] = CONTROL,
	['\t'] = BLANK, ['\n'] = BLANK, ['\r'] = BLANK, [' '] = BLANK,
	['"'] = QUOTE, ['\\'] = BACKSLASH, ['0' ... '9'] = DIGIT, ['-'] = MINUS,
	['{'] = MARK, ['}'] = MARK, ['['] = MARK, [']'] = MARK, [':'] = MARK, [','] = MARK,
	['t'] = LETTER, ['f'] = LETTER, ['n'] = LETTER, ['/'] = COMMENT,
};
static const uint8_t marks[256] = {
	['{'] = JSON_WORD_OBJECT, ['}'] = JSON_WORD_OBJECT_END,
	['['] = JSON_WORD_ARRAY,  [']'] = JSON_WORD_ARRAY_END,
	[':'] = JSON_WORD_COLON,  [','] = JSON_WORD_COMMA,
};
/* In a string. */
static const bool ends_text[256] = {
	[0x00 ... 0x1f] = true, ['"'] = true, ['\\'] = true,
};
/* clang-format on */

static enum byte_class class_of(char c)
{
	return (enum byte_class)classes[(unsigned char)c];
}

/* Behind its end the text goes on with a blank: a word that is cut there is a bad one. */
static char byte_at(const struct json_lexer *l, size_t at)
{
	return at < l->len ? l->text[at] : ' ';
}

static enum json_word bad(struct json_lexer *l, const char *why)
{
	l->why = why;
	return JSON_WORD_BAD;
}

/* ---- Strings ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of the four behind "\u"; -1 when they are no digits. */
static int32_t code_unit(const struct json_lexer *l, size_t at)
{
	int32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int digit = hex_digit(byte_at(l, at + i));

		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

static char simple_escape(char c)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *at = c ? strchr(names, c) : NULL;

	return at ? values[at - names] : '\0';
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* An escape that scan_string() found to be one; surrogates come in pairs.  Returns its length. */
static size_t unescape(const struct json_lexer *l, size_t at, char *out, size_t *ret_len)
{
	int32_t unit, low;

	if (l->text[at + 1] != 'u') {
		*out = simple_escape(l->text[at + 1]);
		*ret_len = 1;
		return 2;
	}
	unit = code_unit(l, at + 2);
	low = unit >= 0xd800 && unit <= 0xdbff ? code_unit(l, at + 8) : 0;
	if (low <= 0) {
		*ret_len = put_utf8(out, (uint32_t)unit);
		return 6;
	}
	*ret_len = put_utf8(out,
			    0x10000U + ((uint32_t)(unit & 0x3ff) << 10) + (uint32_t)(low & 0x3ff));
	return 12;
}

/* No escape stands for more bytes than it has. */
static void copy_plain(struct json_lexer *l, size_t begin, size_t end)
{
	size_t n = 0;

	if (l->plain_room < end - begin) {
		l->plain_room = end - begin;
		l->plain = xreallocarray(l->plain, l->plain_room, 1);
	}
	while (begin < end) {
		size_t len = 1;

		if (l->text[begin] == '\\')
			begin += unescape(l, begin, l->plain + n, &len);
		else
			l->plain[n] = l->text[begin++];
		n += len;
	}
	l->s = l->plain;
	l->s_len = n;
}

/* Past an escape, or why there is none. */
static const char *check_escape(const struct json_lexer *l, size_t *at)
{
	char c = byte_at(l, *at + 1);

	if (c == 'u' && code_unit(l, *at + 2) < 0)
		return "invalid (non-hex) character occurs after '\\u' inside string";
	if (c != 'u' && !simple_escape(c))
		return "inside a string, '\\' occurs before a character which it may not";
	*at += c == 'u' ? 6 : 2;
	return NULL;
}

/* To the first byte that means something in a string. */
static size_t skip_text(const struct json_lexer *l, size_t at)
{
	while (at < l->len && !ends_text[(unsigned char)l->text[at]])
		at++;
	return at;
}

static enum json_word lex_string(struct json_lexer *l)
{
	size_t at = skip_text(l, l->begin + 1);
	bool escapes = false;

	while (at < l->len && l->text[at] != '"') {
		const char *why = l->text[at] == '\\' ? check_escape(l, &at)
						      : "invalid character inside string";

		if (why)
			return bad(l, why);
		escapes = true;
		at = skip_text(l, at);
	}
	if (at >= l->len)
		return JSON_WORD_END;
	l->end = at + 1;
	l->s = l->text + l->begin + 1;
	l->s_len = at - l->begin - 1;
	if (escapes)
		copy_plain(l, l->begin + 1, at);
	return JSON_WORD_STRING;
}

/* ---- Numbers and words ---- */

static bool skip_digits(const struct json_lexer *l, size_t *at)
{
	size_t begin = *at;

	while (class_of(byte_at(l, *at)) == DIGIT)
		++*at;
	return *at > begin;
}

/* RFC 8259, section 6. */
static enum json_word lex_number(struct json_lexer *l)
{
	size_t at = l->begin + (l->text[l->begin] == '-');

	if (class_of(byte_at(l, at)) != DIGIT)
		return bad(l, "malformed number, a digit is required after the minus sign");
	if (l->text[at] == '0')
		at++;
	else
		(void)skip_digits(l, &at);
	if (byte_at(l, at) == '.') {
		at++;
		if (!skip_digits(l, &at))
			return bad(l, "malformed number, a digit is required after the decimal "
				      "point");
	}
	if ((byte_at(l, at) | 0x20) == 'e') {
		at++;
		at += byte_at(l, at) == '+' || byte_at(l, at) == '-';
		if (!skip_digits(l, &at))
			return bad(l, "malformed number, a digit is required after the exponent");
	}
	l->end = at;
	l->s = l->text + l->begin;
	l->s_len = at - l->begin;
	return JSON_WORD_NUMBER;
}

static enum json_word lex_letters(struct json_lexer *l)
{
	static const struct {
		const char *text;
		enum json_word word;
	} words[] = { { "true", JSON_WORD_TRUE },
		      { "false", JSON_WORD_FALSE },
		      { "null", JSON_WORD_NULL } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i].text);

		if (l->len - l->begin < n || memcmp(l->text + l->begin, words[i].text, n) != 0)
			continue;
		l->end = l->begin + n;
		return words[i].word;
	}
	return bad(l, "unexpected word");
}

enum json_word json_lex(struct json_lexer *l)
{
	size_t at = l->end;

	while (at < l->len && class_of(l->text[at]) == BLANK)
		at++;
	l->begin = at;
	l->end = at;
	if (at == l->len)
		return JSON_WORD_END;
	switch (class_of(l->text[at])) {
	case MARK:
		l->end = at + 1;
		return (enum json_word)marks[(unsigned char)l->text[at]];
	case QUOTE:
		return lex_string(l);
	case DIGIT:
	case MINUS:
		return lex_number(l);
	case LETTER:
		return lex_letters(l);
	case COMMENT:
		return bad(l, "comments are not allowed in JSON");
	case OTHER:
	case BLANK:
	case CONTROL:
	case BACKSLASH:
		break;
	}
	return bad(l, "unexpected character");
}

void json_lexer_done(struct json_lexer *l)
{
	free(l->plain);
}
