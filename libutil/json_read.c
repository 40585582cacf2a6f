/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event reader: the grammar of RFC 8259, one word after the other, without recursion and
 * without a copy of the text.  What people see of a text that is refused before it starts (byte
 * order mark, bad UTF-8, halves of surrogate pairs) is here as well; words are json_token.c's.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "libutil/json.h"
#include "libutil/json_token.h"
#include "libutil/utf8.h"

/* How much of a bad number a message shows. */
#define NUMBER_SHOWN 40

/* What has to come next. */
enum next {
	NEXT_VALUE,
	NEXT_ITEM_OR_END, /* behind '[' */
	NEXT_NAME_OR_END, /* behind '{' */
	NEXT_NAME,
	NEXT_COLON,
	NEXT_COMMA_OR_END,
	NEXT_NOTHING, /* the document has ended */
};

struct reader {
	const struct json_events *ev;
	void *ctx;
	struct err *e;
	const char *name, *text;
	size_t len;
	const char *at, *end;
	enum next next;
	int depth;
	uint64_t maps;      /* a bit for each level, the innermost is the lowest: it is an object */
	struct strbuf room; /* of strings with escapes */
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

static int fail_at(const struct reader *rd, const char *at, const char *what)
{
	struct place p = place_of(rd->text, (size_t)(at - rd->text));

	return err_set(rd->e, EBADMSG, "%s: line %zu, column %zu: %s", rd->name, p.line, p.column,
		       what);
}

/* Of a word that can't stand where it does. */
static const char *word_fault(const struct reader *rd, const char *expected)
{
	const char *at = rd->at;

	switch (*at) {
	case '/':
		return "comments are not allowed in JSON";
	case 't':
		return json_token_word(&at, rd->end, "true") ?: expected;
	case 'f':
		return json_token_word(&at, rd->end, "false") ?: expected;
	case 'n':
		return json_token_word(&at, rd->end, "null") ?: expected;
	default:
		return *at && strchr("{}[],:\"-0123456789", *at) ? expected
								 : "unexpected character";
	}
}

static int fail_word(const struct reader *rd, const char *expected)
{
	return fail_at(rd, rd->at, word_fault(rd, expected));
}

/* What json_token.c found. */
static int fail_token(const struct reader *rd, const char *fault)
{
	return fail_at(rd, fault == json_token_cut ? rd->end : rd->at, fault);
}

/* ---- Before anything is read ---- */

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
		return fail_at(rd, rd->text,
			       "begins with a byte order mark, which JSON does not allow");
	good = utf8_span(rd->text, rd->len);
	if (good < rd->len)
		return fail_at(rd, rd->text + good, "invalid UTF-8");
	lone = find_lone_surrogate(rd->text, rd->text + rd->len);
	if (lone)
		return fail_at(rd, lone, "half of a surrogate pair");
	return 0;
}

/* ---- Values ---- */

static void value_ends(struct reader *rd)
{
	rd->next = rd->depth > 0 ? NEXT_COMMA_OR_END : NEXT_NOTHING;
}

/* Consumers may keep an array of JSON_MAX_DEPTH, or recurse: they never see more. */
static int open_level(struct reader *rd, bool is_map)
{
	_Static_assert(JSON_MAX_DEPTH <= 64, "a level is a bit");
	char what[64];

	if (rd->depth == JSON_MAX_DEPTH) {
		(void)snprintf(what, sizeof(what), "nested deeper than %d levels", JSON_MAX_DEPTH);
		return fail_at(rd, rd->at, what);
	}
	rd->at++;
	rd->depth++;
	rd->maps = rd->maps << 1 | is_map;
	rd->next = is_map ? NEXT_NAME_OR_END : NEXT_ITEM_OR_END;
	return is_map ? rd->ev->start_map(rd->ctx, rd->e) : rd->ev->start_array(rd->ctx, rd->e);
}

static int close_level(struct reader *rd)
{
	bool is_map = rd->maps & 1;

	rd->at++;
	rd->depth--;
	rd->maps >>= 1;
	value_ends(rd);
	return is_map ? rd->ev->end_map(rd->ctx, rd->e) : rd->ev->end_array(rd->ctx, rd->e);
}

static int read_string(struct reader *rd,
		       int (*event)(void *ctx, const char *s, size_t len, struct err *e))
{
	const char *s, *fault;
	size_t len;

	fault = json_token_string(&rd->at, rd->end, &rd->room, &s, &len);
	return fault ? fail_token(rd, fault) : event(rd->ctx, s, len, rd->e);
}

static int read_number(struct reader *rd)
{
	const char *begin = rd->at, *fault = json_token_number(&rd->at, rd->end);
	size_t len = (size_t)(rd->at - begin);
	struct json_number n = { 0 };
	char what[NUMBER_SHOWN + 64];

	if (fault)
		return fail_token(rd, fault);
	if (len > JSON_NUMBER_MAX)
		return fail_at(rd, begin, "number with too many digits");
	if (json_token_value(begin, len, &n))
		return rd->ev->number(rd->ctx, &n, rd->e);
	(void)snprintf(what, sizeof(what), "number '%.*s' is out of range",
		       len < NUMBER_SHOWN ? (int)len : NUMBER_SHOWN, begin);
	return fail_at(rd, begin, what);
}

static int read_word(struct reader *rd, const char *word)
{
	const char *fault = json_token_word(&rd->at, rd->end, word);

	if (fault)
		return fail_token(rd, fault);
	return *word == 'n' ? rd->ev->null(rd->ctx, rd->e)
			    : rd->ev->boolean(rd->ctx, *word == 't', rd->e);
}

static int read_value(struct reader *rd)
{
	char c = *rd->at;

	if (c == '{' || c == '[')
		return open_level(rd, c == '{');
	value_ends(rd);
	if (c == '"')
		return read_string(rd, rd->ev->string);
	if (c == '-' || (c >= '0' && c <= '9'))
		return read_number(rd);
	if (c == 't')
		return read_word(rd, "true");
	if (c == 'f')
		return read_word(rd, "false");
	if (c == 'n')
		return read_word(rd, "null");
	return fail_word(rd, "expected a value");
}

/* ---- Between them ---- */

static int read_name(struct reader *rd)
{
	if (*rd->at != '"')
		return fail_word(rd, "expected a name in double quotes");
	rd->next = NEXT_COLON;
	return read_string(rd, rd->ev->map_key);
}

static int read_colon(struct reader *rd)
{
	if (*rd->at != ':')
		return fail_word(rd, "expected ':' after the name");
	rd->at++;
	rd->next = NEXT_VALUE;
	return 0;
}

static int read_comma(struct reader *rd)
{
	bool in_map = rd->maps & 1;

	if (*rd->at == (in_map ? '}' : ']'))
		return close_level(rd);
	if (*rd->at != ',')
		return fail_word(rd, in_map ? "expected ',' or '}'" : "expected ',' or ']'");
	rd->at++;
	rd->next = in_map ? NEXT_NAME : NEXT_VALUE;
	return 0;
}

static int read_next(struct reader *rd)
{
	switch (rd->next) {
	case NEXT_ITEM_OR_END:
		return *rd->at == ']' ? close_level(rd) : read_value(rd);
	case NEXT_VALUE:
		return read_value(rd);
	case NEXT_NAME_OR_END:
		return *rd->at == '}' ? close_level(rd) : read_name(rd);
	case NEXT_NAME:
		return read_name(rd);
	case NEXT_COLON:
		return read_colon(rd);
	case NEXT_COMMA_OR_END:
		return read_comma(rd);
	case NEXT_NOTHING:
		break;
	}
	return fail_at(rd, rd->at, "text behind the end of the document");
}

static void skip_blanks(struct reader *rd)
{
	while (rd->at < rd->end &&
	       (*rd->at == ' ' || *rd->at == '\n' || *rd->at == '\t' || *rd->at == '\r'))
		rd->at++;
}

int json_read(const char *name, const char *text, size_t len, const struct json_events *ev,
	      void *ctx, struct err *e)
{
	struct reader rd = {
		.ev = ev,
		.ctx = ctx,
		.e = e,
		.name = name,
		.text = text,
		.len = len,
		.at = text,
		.end = text + len,
		.room = { .max = JSON_MAX_SIZE },
	};
	int r = check_text(&rd);

	while (r >= 0 && (skip_blanks(&rd), rd.at < rd.end))
		r = read_next(&rd);
	if (r >= 0 && rd.next != NEXT_NOTHING)
		r = fail_token(&rd, json_token_cut);
	strbuf_done(&rd.room);
	return r < 0 ? r : 0;
}
