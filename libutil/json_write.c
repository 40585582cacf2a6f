/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "libutil/json.h"
#include "libutil/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

static void new_line(struct json_writer *w)
{
	if (w->indent)
		strbuf_addf(w->out, "\n%*s", w->indent * w->depth, "");
}

/* What stands between the previous thing and a key or a value that begins now. */
static void separate(struct json_writer *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->need_comma)
		strbuf_addc(w->out, ',');
	if (w->depth)
		new_line(w);
}

static void ended(struct json_writer *w)
{
	w->need_comma = w->depth > 0;
}

static void open_nest(struct json_writer *w, char bracket)
{
	separate(w);
	strbuf_addc(w->out, bracket);
	w->depth++;
	w->need_comma = false;
}

static void close_nest(struct json_writer *w, char bracket)
{
	w->depth--;
	/* An empty one stays on its line. */
	if (w->need_comma)
		new_line(w);
	strbuf_addc(w->out, bracket);
	ended(w);
}

void json_object(struct json_writer *w)
{
	open_nest(w, '{');
}

void json_object_end(struct json_writer *w)
{
	close_nest(w, '}');
}

void json_array(struct json_writer *w)
{
	open_nest(w, '[');
}

void json_array_end(struct json_writer *w)
{
	close_nest(w, ']');
}

/* Bytes from `s` on that need no escape: ASCII without controls, '"' and '\'. */
static size_t plain_span(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= ' ' && (unsigned char)s[n] < 0x80 && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static void escape(struct strbuf *out, char c)
{
	static const char letters[][2] = { { '"', '"' },  { '\\', '\\' }, { '\b', 'b' },
					   { '\f', 'f' }, { '\n', 'n' },  { '\r', 'r' },
					   { '\t', 't' } };

	for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
		if (letters[i][0] == c) {
			strbuf_addc(out, '\\');
			strbuf_addc(out, letters[i][1]);
			return;
		}
	}
	strbuf_addf(out, "\\u%04x", (unsigned)c);
}

static void quote(struct strbuf *out, const char *s, size_t len)
{
	strbuf_addc(out, '"');
	while (len) {
		size_t n = plain_span(s, len);

		if (n) {
			strbuf_add(out, s, n);
		} else if ((unsigned char)*s < 0x80) {
			n = 1;
			escape(out, *s);
		} else if ((n = utf8_length(s, len)) > 0) {
			strbuf_add(out, s, n);
		} else {
			n = 1;
			strbuf_adds(out, REPLACEMENT);
		}
		s += n;
		len -= n;
	}
	strbuf_addc(out, '"');
}

void json_key(struct json_writer *w, const char *key)
{
	separate(w);
	quote(w->out, key, strlen(key));
	strbuf_adds(w->out, w->indent ? ": " : ":");
	w->after_key = true;
}

void json_string_n(struct json_writer *w, const char *s, size_t len)
{
	separate(w);
	quote(w->out, s, len);
	ended(w);
}

void json_string(struct json_writer *w, const char *s)
{
	json_string_n(w, s, strlen(s));
}

static void literal(struct json_writer *w, const char *text)
{
	separate(w);
	strbuf_adds(w->out, text);
	ended(w);
}

void json_i64(struct json_writer *w, int64_t v)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld", (long long)v);
	literal(w, text);
}

void json_u64(struct json_writer *w, uint64_t v)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	literal(w, text);
}

/* The fewest digits that read back as the same number, and a mark that it is no integer. */
void json_real(struct json_writer *w, double v)
{
	char text[40];
	int n = 0;

	if (!isfinite(v)) {
		literal(w, "null");
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		n = snprintf(text, sizeof(text) - 2, "%.*g", precision, v);
		if (strtod(text, NULL) == v)
			break;
	}
	if (!strpbrk(text, ".e"))
		memcpy(text + n, ".0", 3);
	literal(w, text);
}

void json_bool(struct json_writer *w, bool v)
{
	literal(w, v ? "true" : "false");
}

void json_null(struct json_writer *w)
{
	literal(w, "null");
}

void json_text(struct json_writer *w, const char *text, size_t len)
{
	separate(w);
	strbuf_add(w->out, text, len);
	ended(w);
}

void json_kv_string(struct json_writer *w, const char *key, const char *s)
{
	json_key(w, key);
	json_string(w, s);
}

void json_kv_i64(struct json_writer *w, const char *key, int64_t v)
{
	json_key(w, key);
	json_i64(w, v);
}

void json_kv_bool(struct json_writer *w, const char *key, bool v)
{
	json_key(w, key);
	json_bool(w, v);
}

void json_kv_strv(struct json_writer *w, const char *key, const struct strv *list)
{
	json_key(w, key);
	json_array(w);
	for (size_t i = 0; i < list->n; i++)
		json_string(w, list->v[i]);
	json_array_end(w);
}

static void write_number(struct json_writer *w, const struct json_number *n)
{
	switch (n->kind) {
	case JSON_NUM_I64:
		json_i64(w, n->i64);
		break;
	case JSON_NUM_U64:
		json_u64(w, n->u64);
		break;
	case JSON_NUM_REAL:
		json_real(w, n->real);
		break;
	}
}

static void write_members(struct json_writer *w, const struct json *v)
{
	for (size_t i = 0; i < v->len; i++) {
		if (v->kind == JSON_OBJECT)
			json_key(w, v->keys[i]);
		json_write_tree(w, &v->items[i]);
	}
}

void json_write_tree(struct json_writer *w, const struct json *v)
{
	switch (v->kind) {
	case JSON_NULL:
		json_null(w);
		break;
	case JSON_BOOL:
		json_bool(w, v->boolean);
		break;
	case JSON_NUMBER:
		write_number(w, &v->number);
		break;
	case JSON_STRING:
		json_string_n(w, v->string, v->len);
		break;
	case JSON_ARRAY:
		json_array(w);
		write_members(w, v);
		json_array_end(w);
		break;
	case JSON_OBJECT:
		json_object(w);
		write_members(w, v);
		json_object_end(w);
		break;
	}
}
