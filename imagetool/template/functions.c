/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#include "imagetool/template/internal.h"
#include "libutil/alloc.h"
#include "libutil/strv.h"

#define WIDTH_MAX 4096

struct call {
	struct run *run;
	const char *name;
	const struct json *const *args;
	size_t n;
};

static const char *text_of(const struct json *v)
{
	return v->kind == JSON_STRING ? v->string : "";
}

static int wrong_kind(const struct call *c, const char *wanted, struct err *e)
{
	return err_set(e, EINVAL, "%s: it takes %s", c->name, wanted);
}

/* ---- Text ---- */

static int do_json(const struct call *c, const struct json **ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = TEMPLATE_OUT_MAX };
	struct json_writer w = { .out = &text };
	int r;

	json_write_tree(&w, c->args[0]);
	r = strbuf_check(&text, "json", e);
	if (r >= 0)
		*ret = value_string(c->run, strbuf_str(&text), text.len);
	return r;
}

static int print_all(const struct call *c, const char *end, const struct json **ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = TEMPLATE_OUT_MAX };
	int r;

	for (size_t i = 0; i < c->n; i++) {
		if (i && (*end ||
			  (c->args[i]->kind != JSON_STRING && c->args[i - 1]->kind != JSON_STRING)))
			strbuf_addc(&text, ' ');
		value_print(c->args[i], &text);
	}
	strbuf_adds(&text, end);
	r = strbuf_check(&text, c->name, e);
	if (r >= 0)
		*ret = value_string(c->run, strbuf_str(&text), text.len);
	return r;
}

static int do_print(const struct call *c, const struct json **ret, struct err *e)
{
	return print_all(c, "", ret, e);
}

static int do_println(const struct call *c, const struct json **ret, struct err *e)
{
	return print_all(c, "\n", ret, e);
}

static int do_join(const struct call *c, const struct json **ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = TEMPLATE_OUT_MAX };
	const struct json *list = c->args[0];
	int r;

	/* {{.X | join ","}} comes the other way round. */
	const struct json *separator = c->args[1];

	if (list->kind == JSON_STRING && separator->kind != JSON_STRING) {
		separator = list;
		list = c->args[1];
	}
	if ((list->kind != JSON_ARRAY && list->kind != JSON_NULL) || separator->kind != JSON_STRING)
		return wrong_kind(c, "a list and a separator", e);
	for (size_t i = 0; i < list->len; i++) {
		if (i)
			strbuf_add(&text, separator->string, separator->len);
		value_print(&list->items[i], &text);
	}
	r = strbuf_check(&text, "join", e);
	if (r >= 0)
		*ret = value_string(c->run, strbuf_str(&text), text.len);
	return r;
}

static int do_split(const struct call *c, const struct json **ret, struct err *e)
{
	const char *text = text_of(c->args[0]), *separator = text_of(c->args[1]);
	struct json *list = arena_alloc(&c->run->arena, 1, sizeof(*list));
	size_t step = strlen(separator);

	if (!step)
		return wrong_kind(c, "a text and a separator", e);
	list->kind = JSON_ARRAY;
	for (const char *next; text; text = next ? next + step : NULL) {
		int r = run_step(c->run, e);

		if (r < 0)
			return r;
		next = strstr(text, separator);
		if ((list->len & (list->len - 1)) == 0)
			list->items =
				arena_grow(&c->run->arena, list->items, list->len,
					   list->len ? 2 * list->len : 1, sizeof(*list->items));
		list->items[list->len++] =
			*value_string(c->run, text, next ? (size_t)(next - text) : strlen(text));
	}
	*ret = list;
	return 0;
}

static int map_text(const struct call *c, int (*first)(int), int (*rest)(int),
		    const struct json **ret, struct err *e)
{
	const struct json *copy;

	if (c->args[0]->kind != JSON_STRING)
		return wrong_kind(c, "a text", e);
	copy = value_string(c->run, c->args[0]->string, c->args[0]->len);
	for (size_t i = 0; i < copy->len; i++) {
		bool begins = i == 0 || copy->string[i - 1] == ' ';
		int (*change)(int) = begins ? first : rest;

		if (change)
			copy->string[i] = (char)change((unsigned char)copy->string[i]);
	}
	*ret = copy;
	return 0;
}

static int do_lower(const struct call *c, const struct json **ret, struct err *e)
{
	return map_text(c, tolower, tolower, ret, e);
}

static int do_upper(const struct call *c, const struct json **ret, struct err *e)
{
	return map_text(c, toupper, toupper, ret, e);
}

static int do_title(const struct call *c, const struct json **ret, struct err *e)
{
	return map_text(c, toupper, NULL, ret, e);
}

/* A count that may stand on either side, because of pipelines. */
static bool text_and_count(const struct call *c, const struct json **text, int64_t *count)
{
	size_t at = c->args[0]->kind == JSON_NUMBER ? 0 : 1;

	*text = c->args[1 - at];
	if ((*text)->kind != JSON_STRING || c->args[at]->kind != JSON_NUMBER ||
	    c->args[at]->number.kind != JSON_NUM_I64)
		return false;
	*count = c->args[at]->number.i64;
	return *count >= 0;
}

static int do_truncate(const struct call *c, const struct json **ret, struct err *e)
{
	const struct json *text;
	int64_t count;

	if (!text_and_count(c, &text, &count))
		return wrong_kind(c, "a text and a length", e);
	*ret = (uint64_t)count < text->len ? value_string(c->run, text->string, (size_t)count)
					   : text;
	return 0;
}

/* pad TEXT BEFORE AFTER: blanks, unless the text is empty. */
static int do_pad(const struct call *c, const struct json **ret, struct err *e)
{
	const struct json *text = c->args[0];
	auto_(strbuf) struct strbuf out = { 0 };
	int64_t counts[2];

	for (int i = 0; i < 2; i++) {
		const struct json *v = c->args[i + 1];

		if (v->kind != JSON_NUMBER || v->number.kind != JSON_NUM_I64 || v->number.i64 < 0 ||
		    v->number.i64 > WIDTH_MAX || text->kind != JSON_STRING)
			return wrong_kind(c, "a text and two counts", e);
		counts[i] = v->number.i64;
	}
	if (text->len)
		strbuf_addf(&out, "%*s%s%*s", (int)counts[0], "", text->string, (int)counts[1], "");
	*ret = value_string(c->run, strbuf_str(&out), out.len);
	return 0;
}

/* ---- printf ---- */

/* "%-20.12s": flags, width, precision, verb; precision -1: none. Returns its end. */
static const char *parse_verb(const char *p, bool *left, int *width, int *precision, char *verb)
{
	*left = false;
	*width = 0;
	*precision = -1;
	for (; *p == '-' || *p == '+' || *p == ' ' || *p == '#' || *p == '0'; p++)
		*left = *left || *p == '-';
	for (; *p >= '0' && *p <= '9'; p++)
		*width = *width > WIDTH_MAX ? *width : 10 * *width + (*p - '0');
	if (*p == '.')
		for (*precision = 0, p++; *p >= '0' && *p <= '9'; p++)
			*precision =
				*precision > WIDTH_MAX ? *precision : 10 * *precision + (*p - '0');
	*verb = *p;
	return *p ? p + 1 : p;
}

static int put_verb(const struct json *v, bool left, int width, int precision, char verb,
		    struct strbuf *out, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = TEMPLATE_OUT_MAX };
	struct json_writer w = { .out = &text };

	if (!verb || !strchr("svdq", verb) || width > WIDTH_MAX)
		return err_set(e, EINVAL, "printf: '%%%c' is not known: %%s, %%d, %%v and %%q are",
			       verb ? verb : '%');
	if (verb == 'd' && v->kind != JSON_NUMBER)
		return err_set(e, EINVAL, "printf: %%d wants a number");
	if (verb == 'q')
		json_write_tree(&w, v);
	else
		value_print(v, &text);
	if (precision >= 0 && verb == 's' && (size_t)precision < text.len)
		strbuf_truncate(&text, (size_t)precision);
	if (!left && text.len < (size_t)width)
		strbuf_addf(out, "%*s", width - (int)text.len, "");
	strbuf_add(out, strbuf_str(&text), text.len);
	if (left && text.len < (size_t)width)
		strbuf_addf(out, "%*s", width - (int)text.len, "");
	return strbuf_check(&text, "printf", e);
}

static int do_printf(const struct call *c, const struct json **ret, struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = TEMPLATE_OUT_MAX };
	const char *p = text_of(c->args[0]);
	size_t next = 1;
	int r = 0;

	while (*p && r >= 0) {
		int width, precision;
		bool left;
		char verb;

		if (*p != '%' || p[1] == '%') {
			strbuf_addc(&out, *p);
			p += *p == '%' ? 2 : 1;
			continue;
		}
		p = parse_verb(p + 1, &left, &width, &precision, &verb);
		if (next >= c->n)
			return err_set(e, EINVAL, "printf: there is no value for '%%%c'", verb);
		r = put_verb(c->args[next++], left, width, precision, verb, &out, e);
	}
	if (r >= 0)
		r = strbuf_check(&out, "printf", e);
	if (r >= 0)
		*ret = value_string(c->run, strbuf_str(&out), out.len);
	return r;
}

/* ---- Structure ---- */

static int do_len(const struct call *c, const struct json **ret, struct err *e)
{
	const struct json *v = c->args[0];

	if (v->kind == JSON_BOOL || v->kind == JSON_NUMBER)
		return wrong_kind(c, "a text, a list or an object", e);
	*ret = value_i64(c->run, v->kind == JSON_NULL ? 0 : (int64_t)v->len);
	return 0;
}

static int do_index(const struct call *c, const struct json **ret, struct err *e)
{
	const struct json *v = c->args[0];

	for (size_t i = 1; i < c->n; i++) {
		const struct json *key = c->args[i], *found = &value_null;

		if (v->kind == JSON_ARRAY && key->kind == JSON_NUMBER) {
			if (key->number.kind != JSON_NUM_I64 || key->number.i64 < 0 ||
			    (uint64_t)key->number.i64 >= v->len)
				return err_set(e, EINVAL, "index: the list has %zu items", v->len);
			found = &v->items[key->number.i64];
		} else if (v->kind == JSON_OBJECT && key->kind == JSON_STRING) {
			found = json_get(v, key->string);
		} else if (v->kind != JSON_NULL) {
			return wrong_kind(c, "a list and numbers, or an object and texts", e);
		}
		v = found ? found : &value_null;
	}
	*ret = v;
	return 0;
}

/* ---- Comparisons ---- */

static int compare(const struct json *a, const struct json *b)
{
	auto_(strbuf) struct strbuf x = { .max = TEMPLATE_OUT_MAX },
				    y = { .max = TEMPLATE_OUT_MAX };

	if (a->kind == JSON_NUMBER && b->kind == JSON_NUMBER && a->number.kind == JSON_NUM_I64 &&
	    b->number.kind == JSON_NUM_I64)
		return (a->number.i64 > b->number.i64) - (a->number.i64 < b->number.i64);
	value_print(a, &x);
	value_print(b, &y);
	return strcmp(strbuf_str(&x), strbuf_str(&y));
}

static int do_eq(const struct call *c, const struct json **ret, struct err *e UNUSED)
{
	bool any = false;

	for (size_t i = 1; i < c->n; i++)
		any = any || (c->args[0]->kind == c->args[i]->kind &&
			      compare(c->args[0], c->args[i]) == 0);
	*ret = value_bool(any);
	return 0;
}

static int do_ne(const struct call *c, const struct json **ret, struct err *e UNUSED)
{
	*ret = value_bool(c->args[0]->kind != c->args[1]->kind ||
			  compare(c->args[0], c->args[1]) != 0);
	return 0;
}

static int do_order(const struct call *c, const struct json **ret, struct err *e)
{
	int order = compare(c->args[0], c->args[1]);
	bool strict = c->name[1] == 't';

	if (c->args[0]->kind != c->args[1]->kind)
		return wrong_kind(c, "two of the same kind", e);
	if (c->name[0] == 'g')
		order = -order;
	*ret = value_bool(strict ? order < 0 : order <= 0);
	return 0;
}

static int do_not(const struct call *c, const struct json **ret, struct err *e UNUSED)
{
	*ret = value_bool(!value_is_true(c->args[0]));
	return 0;
}

/* The first that decides, else the last. */
static int do_and(const struct call *c, const struct json **ret, struct err *e UNUSED)
{
	bool until = c->name[0] == 'o';
	size_t i = 0;

	while (i + 1 < c->n && value_is_true(c->args[i]) != until)
		i++;
	*ret = c->args[i];
	return 0;
}

static const struct {
	const char *name;
	size_t min, max;
	int (*run)(const struct call *c, const struct json **ret, struct err *e);
} functions[] = {
	{ "and", 1, SIZE_MAX, do_and },
	{ "eq", 2, SIZE_MAX, do_eq },
	{ "ge", 2, 2, do_order },
	{ "gt", 2, 2, do_order },
	{ "index", 1, SIZE_MAX, do_index },
	{ "join", 2, 2, do_join },
	{ "json", 1, 1, do_json },
	{ "le", 2, 2, do_order },
	{ "len", 1, 1, do_len },
	{ "lower", 1, 1, do_lower },
	{ "lt", 2, 2, do_order },
	{ "ne", 2, 2, do_ne },
	{ "not", 1, 1, do_not },
	{ "or", 1, SIZE_MAX, do_and },
	{ "pad", 3, 3, do_pad },
	{ "print", 0, SIZE_MAX, do_print },
	{ "printf", 1, SIZE_MAX, do_printf },
	{ "println", 0, SIZE_MAX, do_println },
	{ "split", 2, 2, do_split },
	{ "title", 1, 1, do_title },
	{ "truncate", 2, 2, do_truncate },
	{ "upper", 1, 1, do_upper },
};

bool template_has_function(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (streq(functions[i].name, name))
			return true;
	return false;
}

int template_call(struct run *r, const char *name, const struct json *const *args, size_t n,
		  const struct json **ret, struct err *e)
{
	const struct call c = { r, name, args, n };

	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		if (!streq(functions[i].name, name))
			continue;
		if (n < functions[i].min || n > functions[i].max)
			return err_set(e, EINVAL, "%s: wrong number of values: %zu", name, n);
		return functions[i].run(&c, ret, e);
	}
	return err_set(e, EINVAL, "there is no function '%.100s'", name);
}
