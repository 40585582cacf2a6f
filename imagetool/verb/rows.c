/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "imagetool/errors.h"
#include "imagetool/verb/output.h"
#include "libutil/alloc.h"
#include "libutil/parse.h"
#include "libutil/strv.h"
#include "libutil/utf8.h"

char *rows_unescape(const char *format)
{
	char *copy = xstrdup(format), *to = copy;

	for (const char *p = format; *p; p++) {
		if (p[0] == '\\' && (p[1] == 't' || p[1] == 'n'))
			*to++ = *++p == 't' ? '\t' : '\n';
		else
			*to++ = *p;
	}
	*to = '\0';
	return copy;
}

const char *rows_since(const char *created, char buf[ROWS_SINCE_SIZE])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 365 * 86400, "year" }, { 30 * 86400, "month" }, { 7 * 86400, "week" },
		      { 86400, "day" },        { 3600, "hour" },        { 60, "minute" },
		      { 1, "second" } };
	struct timespec then;
	int64_t age;

	(void)snprintf(buf, ROWS_SINCE_SIZE, "%s", "");
	if (!created || parse_time(created, &then) < 0)
		return buf;
	age = time(NULL) - then.tv_sec;
	(void)snprintf(buf, ROWS_SINCE_SIZE, "%s", "just now");
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		int64_t n = age / units[i].seconds;

		/* Two of the smaller say more than one of the larger. */
		if (n < (i + 1 < ARRAY_LEN(units) && i < 5 ? 2 : 1))
			continue;
		(void)snprintf(buf, ROWS_SINCE_SIZE, "%" PRId64 " %s%s ago", n, units[i].name,
			       n == 1 ? "" : "s");
		break;
	}
	return buf;
}

/* ---- Cells ---- */

/* Columns of a terminal, as far as one character takes one; bytes that are none are shown one by
 * one. */
static size_t cell_width(const char *cell)
{
	size_t len = strlen(cell), n = 0, step;

	for (size_t at = 0; at < len; at += step, n++) {
		step = utf8_length(cell + at, len - at);
		step = step ? step : 1;
	}
	return n;
}

/* Lines of cells that tabs separate, the columns as wide as they have to be. */
static void align(const char *text, struct strbuf *out)
{
	auto_(strv) struct strv lines = { 0 };
	size_t width[32] = { 0 };

	strv_split(&lines, text, '\n', true);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < lines.n; i++) {
			auto_(strv) struct strv cells = { 0 };

			strv_split(&cells, lines.v[i], '\t', false);
			for (size_t k = 0; k < cells.n; k++) {
				size_t len = cell_width(cells.v[k]);
				bool last = k + 1 == cells.n;
				bool counts = k < ARRAY_LEN(width);

				if (pass == 0 && counts && len > width[k])
					width[k] = len;
				else if (pass == 1)
					strbuf_addf(out, "%s%*s%s", cells.v[k],
						    last || !counts ? 0 : (int)(width[k] - len), "",
						    last ? "\n" : "   ");
			}
		}
	}
}

/* Values of others must neither move the cursor nor make cells. */
static struct json *harmless(const struct json *row, struct arena *a)
{
	struct json *copy = arena_grow(a, row, 1, 1, sizeof(*row));

	if (row->kind != JSON_OBJECT)
		return copy;
	copy->items = arena_grow(a, row->items, row->len, row->len + 1, sizeof(*row->items));
	for (size_t i = 0; i < row->len; i++) {
		struct json *v = &copy->items[i];

		if (v->kind != JSON_STRING)
			continue;
		v->string = arena_strndup(a, v->string, v->len);
		for (size_t k = 0; k < v->len; k++)
			if ((unsigned char)v->string[k] < ' ' || v->string[k] == 0x7f)
				v->string[k] = '?';
	}
	return copy;
}

static char *table_template(const struct rows_column *columns)
{
	auto_(strbuf) struct strbuf text = { 0 };

	for (; columns->title; columns++)
		if (!columns->hidden)
			strbuf_addf(&text, "%s{{.%s}}", text.len ? "\t" : "", columns->key);
	return strbuf_steal(&text);
}

/* The same template over the titles gives the head. */
static struct json *titles(const struct rows_column *columns, struct arena *a)
{
	struct json *row = arena_alloc(a, 1, sizeof(*row));

	row->kind = JSON_OBJECT;
	for (; columns->title; columns++) {
		struct json cell = { .kind = JSON_STRING };

		cell.string = arena_strdup(a, columns->title);
		cell.len = strlen(cell.string);
		row->items = arena_grow(a, row->items, row->len, row->len + 1, sizeof(cell));
		row->keys = arena_grow(a, row->keys, row->len, row->len + 1, sizeof(char *));
		row->items[row->len] = cell;
		row->keys[row->len++] = arena_strdup(a, columns->key);
	}
	return row;
}

/* ---- Forms ---- */

static int put_rows(const struct template *t, const struct json *rows, struct arena *a,
		    struct strbuf *out, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < rows->len && r >= 0; i++) {
		r = template_run(t, harmless(&rows->items[i], a), out, e);
		strbuf_addc(out, '\n');
	}
	return r;
}

static int put_table(const char *template, const struct json *rows,
		     const struct rows_column *columns, struct arena *a, struct strbuf *out,
		     struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = TEMPLATE_OUT_MAX };
	auto_(template) struct template *t = NULL;
	int r = template_parse(template, &t, e);

	if (r >= 0)
		r = template_run(t, titles(columns, a), &text, e);
	strbuf_addc(&text, '\n');
	if (r >= 0)
		r = put_rows(t, rows, a, &text, e);
	if (r >= 0)
		r = strbuf_check(&text, "table", e);
	if (r >= 0)
		align(strbuf_str(&text), out);
	return r;
}

static void put_json(const struct json *rows, struct strbuf *out)
{
	for (size_t i = 0; i < rows->len; i++) {
		struct json_writer w = { .out = out };

		json_write_tree(&w, &rows->items[i]);
		strbuf_addc(out, '\n');
	}
}

static int put_formatted(const char *format, const struct json *rows, struct arena *a,
			 struct strbuf *out, struct err *e)
{
	auto_(template) struct template *t = NULL;
	int r = template_parse(format, &t, e);

	return r < 0 ? r : put_rows(t, rows, a, out, e);
}

static bool is_table(const char *format)
{
	return starts_with(format, "table") && (!format[5] || format[5] == ' ');
}

static int put(const struct json *rows, const struct rows_column *columns, const char *format,
	       struct arena *a, struct strbuf *out, struct err *e)
{
	autofree char *own = NULL;

	if (!format || streq(format, "table"))
		own = table_template(columns);
	else
		own = rows_unescape(is_table(format) ? format + strlen("table ") : format);
	if (format && streq(format, "json"))
		put_json(rows, out);
	else if (format && !is_table(format))
		return put_formatted(own, rows, a, out, e);
	else
		return put_table(own, rows, columns, a, out, e);
	return 0;
}

int rows_check(const char *format, struct err *e)
{
	auto_(template) struct template *t = NULL;

	if (!format || streq(format, "json") || is_table(format))
		return 0;
	return image_usage(template_parse(format, &t, e));
}

int rows_print(const struct strbuf *rows, const struct rows_column *columns, const char *format,
	       struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = TEMPLATE_OUT_MAX };
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	int r = strbuf_check(rows, "list", e);

	if (r >= 0)
		r = json_parse("list", strbuf_str(rows), rows->len, &a, &doc, e);
	if (r >= 0)
		r = put(doc, columns, format, &a, &out, e);
	if (r >= 0)
		r = strbuf_check(&out, "list", e);
	return r < 0 ? r : output_write(strbuf_str(&out), out.len, e);
}
