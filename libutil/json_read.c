/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event reader.  What yajl lets pass is refused before it starts (byte
 * order mark, bad UTF-8, halves of surrogate pairs) or in the events (depth,
 * numbers); yajl keeps no copy of the text and neither does this file.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "libutil/json.h"
#include "libutil/utf8.h"

/* Longer ones have digits that no double keeps. */
#define NUMBER_MAX_BYTES 400
/* How much of a bad number a message shows. */
#define NUMBER_SHOWN 40
#define BEHIND_END   "text behind the end of the document"

struct reader {
	const struct json_events *ev;
	void *ctx;
	struct err *e;
	const char *name, *text;
	size_t len;
	yajl_handle yajl;
	size_t event_end; /* offset behind the newest event */
	int depth;
	int r; /* what the consumer said */
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

static size_t skip_blanks(const struct reader *rd, size_t at)
{
	while (at < rd->len && rd->text[at] && strchr(" \t\r\n", rd->text[at]))
		at++;
	return at;
}

/*
 * Where the word begins that yajl could not use: it stands behind that word or,
 * in some states, before it.  The last event ended before it, with no more than
 * one comma or colon between, unless that is the very word.
 */
static size_t bad_word(const struct reader *rd)
{
	size_t consumed = yajl_get_bytes_consumed(rd->yajl);
	size_t at = skip_blanks(rd, rd->event_end);

	if (at < rd->len && (rd->text[at] == ',' || rd->text[at] == ':') && consumed != at + 1)
		at = skip_blanks(rd, at + 1);
	return at;
}

/* yajl's text, by its beginning, and what people are told; others pass as they are. */
static const struct {
	const char *yajl, *what;
} messages[] = {
	{ "after array element", "expected ',' or ']'" },
	{ "after key and value", "expected ',' or '}'" },
	{ "invalid char in json text", "unexpected character" },
	{ "invalid object key", "expected a name in double quotes" },
	{ "invalid string in json text", "unexpected word" },
	{ "object key and value", "expected ':' after the name" },
	{ "probable comment", "comments are not allowed in JSON" },
	{ "trailing garbage", BEHIND_END },
	{ "unallowed token", "expected a value" },
};

/* From "lexical error: invalid char in json text.\n"; cuts `text`. */
static const char *message_of(char *text)
{
	char *start = strstr(text, "error: ");
	size_t len;

	start = start ? start + strlen("error: ") : text;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		if (starts_with(start, messages[i].yajl))
			return messages[i].what;
	len = strlen(start);
	while (len && strchr("\n. ", start[len - 1]))
		start[--len] = '\0';
	return start;
}

static int syntax_error(const struct reader *rd)
{
	unsigned char *text = yajl_get_error(rd->yajl, 0, NULL, 0);
	int r;

	if (strstr((const char *)text, "premature EOF"))
		r = fail_at(rd, rd->len, "unexpected end of text");
	else
		r = fail_at(rd, bad_word(rd), message_of((char *)text));
	yajl_free_error(rd->yajl, text);
	return r;
}

/* ---- Before yajl sees the text ---- */

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

/* "\ud83d" without its other half names no character; yajl would make it a '?'. */
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
	size_t at = rd->event_end > len ? rd->event_end - len : 0;

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

/* ---- Events ---- */

/* yajl's words for "go on" and "stop". */
static int went(struct reader *rd, int r)
{
	rd->r = r;
	return r >= 0;
}

static struct reader *event(void *ctx)
{
	struct reader *rd = ctx;

	rd->event_end = yajl_get_bytes_consumed(rd->yajl);
	return rd;
}

static int on_null(void *ctx)
{
	struct reader *rd = event(ctx);

	return went(rd, rd->ev->null(rd->ctx, rd->e));
}

static int on_boolean(void *ctx, int value)
{
	struct reader *rd = event(ctx);

	return went(rd, rd->ev->boolean(rd->ctx, value != 0, rd->e));
}

static int on_number(void *ctx, const char *s, size_t len)
{
	struct reader *rd = event(ctx);
	struct json_number n = { 0 };
	int r = read_number(rd, s, len, &n);

	return went(rd, r < 0 ? r : rd->ev->number(rd->ctx, &n, rd->e));
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *rd = event(ctx);

	return went(rd, rd->ev->string(rd->ctx, (const char *)s, len, rd->e));
}

static int on_map_key(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *rd = event(ctx);

	return went(rd, rd->ev->map_key(rd->ctx, (const char *)s, len, rd->e));
}

/* Consumers may keep an array of JSON_MAX_DEPTH, or recurse: they never see more. */
static int deeper(struct reader *rd)
{
	char what[64];

	if (rd->depth < JSON_MAX_DEPTH) {
		rd->depth++;
		return 0;
	}
	(void)snprintf(what, sizeof(what), "nested deeper than %d levels", JSON_MAX_DEPTH);
	return fail_at(rd, rd->event_end ? rd->event_end - 1 : 0, what);
}

static int on_start_map(void *ctx)
{
	struct reader *rd = event(ctx);
	int r = deeper(rd);

	return went(rd, r < 0 ? r : rd->ev->start_map(rd->ctx, rd->e));
}

static int on_start_array(void *ctx)
{
	struct reader *rd = event(ctx);
	int r = deeper(rd);

	return went(rd, r < 0 ? r : rd->ev->start_array(rd->ctx, rd->e));
}

static int on_end_map(void *ctx)
{
	struct reader *rd = event(ctx);

	rd->depth--;
	return went(rd, rd->ev->end_map(rd->ctx, rd->e));
}

static int on_end_array(void *ctx)
{
	struct reader *rd = event(ctx);

	rd->depth--;
	return went(rd, rd->ev->end_array(rd->ctx, rd->e));
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number, /* instead of the two that round */
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_map_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

static int outcome(const struct reader *rd, yajl_status status)
{
	if (status == yajl_status_ok)
		return 0;
	return rd->r < 0 ? rd->r : syntax_error(rd);
}

/* yajl itself takes an unfinished word or string behind the document for its end. */
static int check_rest(const struct reader *rd)
{
	size_t at = skip_blanks(rd, rd->event_end);

	if (rd->depth > 0 || !rd->event_end || at == rd->len)
		return 0;
	return fail_at(rd, at, BEHIND_END);
}

static int run(struct reader *rd)
{
	int r = outcome(rd, yajl_parse(rd->yajl, (const unsigned char *)rd->text, rd->len));

	if (r >= 0)
		r = check_rest(rd);
	if (r >= 0)
		r = outcome(rd, yajl_complete_parse(rd->yajl));
	return r;
}

int json_read(const char *name, const char *text, size_t len, const struct json_events *ev,
	      void *ctx, struct err *e)
{
	struct reader rd = { .ev = ev, .ctx = ctx, .e = e, .name = name, .text = text, .len = len };
	int r = check_text(&rd);

	if (r < 0)
		return r;
	rd.yajl = yajl_alloc(&callbacks, NULL, &rd);
	if (!rd.yajl)
		return err_set(e, ENOMEM, "%s: no memory for a JSON reader", name);
	/* Done above, and stricter. */
	(void)yajl_config(rd.yajl, yajl_dont_validate_strings, 1);
	r = run(&rd);
	yajl_free(rd.yajl);
	return r;
}
