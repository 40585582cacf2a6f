/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/json_token.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

const char json_token_cut[] = "unexpected end of text";

/* ---- Strings ---- */

/* The byte in all eight places. */
#define BYTES(byte) (UINT64_C(0x0101010101010101) * (byte))

static bool is_plain(char c)
{
	return (unsigned char)c >= ' ' && c != '"' && c != '\\';
}

/* High bits where a byte of `word` is zero; a byte above such a one may be taken for another. */
static uint64_t zero_bytes(uint64_t word)
{
	return (word - BYTES(0x01)) & ~word & BYTES(0x80);
}

/* Nothing but plain bytes. */
static bool are_plain(const char *s)
{
	uint64_t word;

	memcpy(&word, s, sizeof(word));
	/* Below ' ', and no byte of a character beyond ASCII, all of which have the high bit. */
	return !(((word - BYTES(' ')) & ~word & BYTES(0x80)) | zero_bytes(word ^ BYTES('"')) |
		 zero_bytes(word ^ BYTES('\\')));
}

static const char *skip_plain(const char *s, const char *end)
{
	while ((size_t)(end - s) >= sizeof(uint64_t) && are_plain(s))
		s += sizeof(uint64_t);
	while (s < end && is_plain(*s))
		s++;
	return s;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits, or -1. */
static int code_unit(const char *s, const char *end)
{
	int unit = 0;

	if (end - s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(s[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static void add_character(struct strbuf *out, unsigned c)
{
	char bytes[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

	for (size_t i = n; i > 1; i--, c >>= 6)
		bytes[i - 1] = (char)(0x80 | (c & 0x3F));
	bytes[0] = (char)(lead[n] | c);
	strbuf_add(out, bytes, n);
}

/* Behind "\u". */
static const char *read_unicode(const char **at, const char *end, struct strbuf *out)
{
	int unit = code_unit(*at, end);

	if (unit < 0)
		return "invalid (non-hex) character occurs after '\\u' inside string";
	*at += 4;
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		/* Its other half follows as "\uXXXX". */
		int low = code_unit(*at + 2, end);

		assert(low >= 0);
		*at += 6;
		unit = 0x10000 + ((unit & 0x3FF) << 10 | (low & 0x3FF));
	}
	add_character(out, (unsigned)unit);
	return NULL;
}

/* Behind a backslash. */
static const char *read_escape(const char **at, const char *end, struct strbuf *out)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (*at == end)
		return json_token_cut;
	if (**at == 'u') {
		++*at;
		return read_unicode(at, end, out);
	}
	letter = **at ? strchr(letters, **at) : NULL;
	if (!letter)
		return "inside a string, '\\' occurs before a character which it may not";
	strbuf_addc(out, meant[letter - letters]);
	++*at;
	return NULL;
}

/* From the first backslash on. */
static const char *read_escaped(const char **at, const char *end, struct strbuf *out)
{
	while (*at < end && **at == '\\') {
		const char *plain, *fault;

		++*at;
		fault = read_escape(at, end, out);
		if (fault)
			return fault;
		plain = *at;
		*at = skip_plain(plain, end);
		strbuf_add(out, plain, (size_t)(*at - plain));
	}
	return NULL;
}

const char *json_token_string(const char **at, const char *end, struct strbuf *room,
			      const char **ret, size_t *ret_len)
{
	const char *begin = *at + 1;
	const char *s = skip_plain(begin, end), *fault = NULL;

	*ret = begin;
	*ret_len = (size_t)(s - begin);
	if (s < end && *s == '\\') {
		strbuf_truncate(room, 0);
		strbuf_add(room, begin, *ret_len);
		fault = read_escaped(&s, end, room);
		*ret = strbuf_str(room);
		*ret_len = room->len;
	}
	if (!fault && s == end)
		fault = json_token_cut;
	if (!fault && *s != '"')
		fault = "invalid character inside string";
	if (!fault)
		*at = s + 1;
	return fault;
}

/* ---- Numbers ---- */

static bool is_digit(const char *s, const char *end)
{
	return s < end && *s >= '0' && *s <= '9';
}

static const char *skip_digits(const char *s, const char *end)
{
	while (is_digit(s, end))
		s++;
	return s;
}

const char *json_token_number(const char **at, const char *end)
{
	const char *s = *at + (**at == '-');

	if (!is_digit(s, end))
		return "malformed number, a digit is required after the minus sign";
	/* Nothing follows a leading zero. */
	s = *s == '0' ? s + 1 : skip_digits(s, end);
	if (s < end && *s == '.') {
		if (!is_digit(++s, end))
			return "malformed number, a digit is required after the decimal point";
		s = skip_digits(s, end);
	}
	if (s < end && (*s == 'e' || *s == 'E')) {
		s++;
		s += s < end && (*s == '+' || *s == '-');
		if (!is_digit(s, end))
			return "malformed number, a digit is required after the exponent";
		s = skip_digits(s, end);
	}
	*at = s;
	return NULL;
}

/* "-12": false when it is no integer or has more than 64 bits. */
static bool read_integer(const char *s, size_t len, struct json_number *n)
{
	bool negative = s[0] == '-';
	uint64_t v = 0;

	for (size_t i = negative; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
			return false;
	}
	if (negative && v > (uint64_t)INT64_MAX + 1)
		return false;
	n->kind = !negative && v > INT64_MAX ? JSON_NUM_U64 : JSON_NUM_I64;
	n->u64 = v;
	/* Negate below zero, where INT64_MIN has room. */
	n->i64 = negative && v ? -(int64_t)(v - 1) - 1 : (int64_t)v;
	n->real = negative ? -(double)v : (double)v;
	return true;
}

bool json_token_value(const char *s, size_t len, struct json_number *ret)
{
	char text[JSON_NUMBER_MAX + 1];

	if (read_integer(s, len, ret))
		return true;
	assert(len <= JSON_NUMBER_MAX);
	memcpy(text, s, len);
	text[len] = '\0';
	ret->kind = JSON_NUM_REAL;
	ret->real = strtod(text, NULL);
	return isfinite(ret->real);
}

/* ---- Words ---- */

const char *json_token_word(const char **at, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - *at) < len || memcmp(*at, word, len) != 0)
		return "unexpected word";
	*at += len;
	return NULL;
}
