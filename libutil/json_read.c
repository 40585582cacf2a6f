/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event reader: words come from json_lex.c, what may follow what is said here.  Byte order
 * marks, bad UTF-8 and halves of surrogate pairs are refused before the first word is read.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "libutil/json.h"
#include "libutil/json_lex.h"
#include "libutil/utf8.h"

/* Longer ones have digits that no double keeps. */
#define NUMBER_MAX_BYTES 400
/* How much of a bad number a message shows. */
#define NUMBER_SHOWN 40
#define BEHIND_END   "text behind the end of the document"

/* What may come. */
enum state {
	VALUE,
	FIRST_ITEM, /* or the end of the array */
	FIRST_NAME, /* or the end of the object */
	NAME,
	COLON,
	BEHIND_VALUE,    /* a comma, or the end of what it is in */
	BEHIND_DOCUMENT, /* nothing */
};

struct reader {
	const struct json_events *ev;
	void *ctx;
	struct err *e;
	const char *name, *text;
	size_t len;
	struct json_lexer lex;
	enum state state;
	int depth;
	enum json_word open[JSON_MAX_DEPTH]; /* objects and arrays, the innermost last */
};

/* ---- Where something is wrong ---- */

struct place {
	size_t line, column; /* from 1; columns count characters */
};

static struct place place_of(const char *text, size_t offset)
{
	struct place p = { 1, 1 };

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			p.line++;
			p.column = 1;
		} else if (((unsigned char)text[i] & 0xC0) != 0x80) {
			p.column++;
		}
	}
	return p;
}

static int fail_at(const struct reader *rd, size_t offset, const char *what)
{
	struct place p = place_of(rd->text, offset);

	return err_set(rd->e, EBADMSG, "%s: line %zu, column %zu: %s", rd->name, p.line, p.column,
		       what);
}

/* ---- Before the first word ---- */

/* Four hex digits, or -1. */
static int hex4(const char *s, size_t len)
{
	int v = 0;

	if (len < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int c = (unsigned char)s[i];

		if (!isxdigit(c))
			return -1;
		v = v * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

static bool is_high(int unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* "\ud83d" without its other half names no character. */
static const char *find_lone_surrogate(const char *s, const char *end)
{
	while ((s = memchr(s, '\\', (size_t)(end - s)))) {
		size_t left = (size_t)(end - s);
		int unit;

		if (left < 2)
			return NULL;
		unit = s[1] == 'u' ? hex4(s + 2, left - 2) : -1;
		if (is_low(unit))
			return s;
		if (is_high(unit)) {
			if (left < 12 || s[6] != '\\' || s[7] != 'u' || !is_low(hex4(s + 8, 4)))
				return s;
			s += 6;
		}
		s += 2;
	}
	return NULL;
}

static int check_text(const struct reader *rd)
{
	const char *lone;
	size_t good;

	if (rd->len > JSON_MAX_SIZE)
		return err_set(rd->e, EFBIG, "%s: is larger than %zu bytes", rd->name,
			       JSON_MAX_SIZE);
	if (rd->len >= 3 && memcmp(rd->text, "\xEF\xBB\xBF", 3) == 0)
		return fail_at(rd, 0, "begins with a byte order mark, which JSON does not allow");
	good = utf8_span(rd->text, rd->len);
	if (good < rd->len)
		return fail_at(rd, good, "invalid UTF-8");
	lone = find_lone_surrogate(rd->text, rd->text + rd->len);
	if (lone)
		return fail_at(rd, (size_t)(lone - rd->text), "half of a surrogate pair");
	return 0;
}

/* ---- Numbers ---- */

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

static int read_number(const struct reader *rd, const char *s, size_t len, struct json_number *n)
{
	char text[NUMBER_MAX_BYTES + 1], what[NUMBER_SHOWN + 64];
	size_t at = rd->lex.begin;

	if (read_integer(s, len, n))
		return 0;
	if (len > NUMBER_MAX_BYTES)
		return fail_at(rd, at, "number with too many digits");
	memcpy(text, s, len);
	text[len] = '\0';
	n->kind = JSON_NUM_REAL;
	n->real = strtod(text, NULL);
	if (isfinite(n->real))
		return 0;
	(void)snprintf(what, sizeof(what), "number '%.*s' is out of range", NUMBER_SHOWN, text);
	return fail_at(rd, at, what);
}

/* ---- The grammar ---- */

static int deliver_string(struct reader *rd)
{
	return rd->ev->string(rd->ctx, rd->lex.s, rd->lex.s_len, rd->e);
}

static int deliver_number(struct reader *rd)
{
	struct json_number n = { 0 };
	int r = read_number(rd, rd->lex.s, rd->lex.s_len, &n);

	return r < 0 ? r : rd->ev->number(rd->ctx, &n, rd->e);
}

/* Consumers may keep an array of JSON_MAX_DEPTH, or recurse: they never see more. */
static int enter(struct reader *rd, enum json_word word)
{
	char what[64];

	if (rd->depth == JSON_MAX_DEPTH) {
		(void)snprintf(what, sizeof(what), "nested deeper than %d levels", JSON_MAX_DEPTH);
		return fail_at(rd, rd->lex.begin, what);
	}
	rd->open[rd->depth++] = word;
	rd->state = word == JSON_WORD_OBJECT ? FIRST_NAME : FIRST_ITEM;
	return word == JSON_WORD_OBJECT ? rd->ev->start_map(rd->ctx, rd->e)
					: rd->ev->start_array(rd->ctx, rd->e);
}

static int leave(struct reader *rd)
{
	enum json_word word = rd->open[--rd->depth];

	rd->state = rd->depth ? BEHIND_VALUE : BEHIND_DOCUMENT;
	return word == JSON_WORD_OBJECT ? rd->ev->end_map(rd->ctx, rd->e)
					: rd->ev->end_array(rd->ctx, rd->e);
}

static int value(struct reader *rd, enum json_word word)
{
	if (word == JSON_WORD_OBJECT || word == JSON_WORD_ARRAY)
		return enter(rd, word);
	rd->state = rd->depth ? BEHIND_VALUE : BEHIND_DOCUMENT;
	switch (word) {
	case JSON_WORD_STRING:
		return deliver_string(rd);
	case JSON_WORD_NUMBER:
		return deliver_number(rd);
	case JSON_WORD_TRUE:
	case JSON_WORD_FALSE:
		return rd->ev->boolean(rd->ctx, word == JSON_WORD_TRUE, rd->e);
	case JSON_WORD_NULL:
		return rd->ev->null(rd->ctx, rd->e);
	default:
		return fail_at(rd, rd->lex.begin, "expected a value");
	}
}

static int name(struct reader *rd, enum json_word word)
{
	if (word != JSON_WORD_STRING)
		return fail_at(rd, rd->lex.begin, "expected a name in double quotes");
	rd->state = COLON;
	return rd->ev->map_key(rd->ctx, rd->lex.s, rd->lex.s_len, rd->e);
}

static int behind_value(struct reader *rd, enum json_word word)
{
	bool object = rd->open[rd->depth - 1] == JSON_WORD_OBJECT;

	if (word == (object ? JSON_WORD_OBJECT_END : JSON_WORD_ARRAY_END))
		return leave(rd);
	if (word != JSON_WORD_COMMA)
		return fail_at(rd, rd->lex.begin,
			       object ? "expected ',' or '}'" : "expected ',' or ']'");
	rd->state = object ? NAME : VALUE;
	return 0;
}

static int colon(struct reader *rd, enum json_word word)
{
	if (word != JSON_WORD_COLON)
		return fail_at(rd, rd->lex.begin, "expected ':' after the name");
	rd->state = VALUE;
	return 0;
}

static int take(struct reader *rd, enum json_word word)
{
	switch (rd->state) {
	case VALUE:
		return value(rd, word);
	case FIRST_ITEM:
		return word == JSON_WORD_ARRAY_END ? leave(rd) : value(rd, word);
	case FIRST_NAME:
		return word == JSON_WORD_OBJECT_END ? leave(rd) : name(rd, word);
	case NAME:
		return name(rd, word);
	case COLON:
		return colon(rd, word);
	case BEHIND_VALUE:
		return behind_value(rd, word);
	case BEHIND_DOCUMENT:
		break;
	}
	return fail_at(rd, rd->lex.begin, BEHIND_END);
}

static int run(struct reader *rd)
{
	int r = 0;

	while (r >= 0) {
		enum json_word word = json_lex(&rd->lex);

		if (rd->state == BEHIND_DOCUMENT)
			/* Whatever it is, also half a word. */
			return rd->lex.begin == rd->len ? 0 : take(rd, word);
		if (word == JSON_WORD_END)
			return fail_at(rd, rd->len, "unexpected end of text");
		if (word == JSON_WORD_BAD)
			return fail_at(rd, rd->lex.begin, rd->lex.why);
		r = take(rd, word);
	}
	return r;
}

int json_read(const char *file, const char *text, size_t len, const struct json_events *ev,
	      void *ctx, struct err *e)
{
	struct reader rd = { .ev = ev,
			     .ctx = ctx,
			     .e = e,
			     .name = file,
			     .text = text,
			     .len = len,
			     .lex = { .text = text, .len = len } };
	int r = check_text(&rd);

	if (r >= 0)
		r = run(&rd);
	json_lexer_done(&rd.lex);
	return r;
}
