/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "imagetool/template/internal.h"
#include "libutil/alloc.h"

const struct json value_null = { .kind = JSON_NULL };

const struct json *value_string(struct run *r, const char *s, size_t len)
{
	struct json *v = arena_alloc(&r->arena, 1, sizeof(*v));

	v->kind = JSON_STRING;
	v->string = arena_strndup(&r->arena, s, len);
	v->len = len;
	return v;
}

const struct json *value_bool(bool b)
{
	static const struct json values[] = { { .kind = JSON_BOOL, .boolean = false },
					      { .kind = JSON_BOOL, .boolean = true } };

	return &values[b];
}

const struct json *value_i64(struct run *r, int64_t n)
{
	struct json *v = arena_alloc(&r->arena, 1, sizeof(*v));

	v->kind = JSON_NUMBER;
	v->number = (struct json_number){ .kind = JSON_NUM_I64, .i64 = n };
	return v;
}

bool value_is_true(const struct json *v)
{
	switch (v->kind) {
	case JSON_NULL:
		return false;
	case JSON_BOOL:
		return v->boolean;
	case JSON_NUMBER:
		return v->number.kind == JSON_NUM_U64 ||
		       (v->number.kind == JSON_NUM_I64 && v->number.i64) ||
		       (v->number.kind == JSON_NUM_REAL && v->number.real != 0);
	case JSON_STRING:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return v->len > 0;
}

static void print_number(const struct json_number *n, struct strbuf *out)
{
	switch (n->kind) {
	case JSON_NUM_I64:
		strbuf_addf(out, "%" PRId64, n->i64);
		break;
	case JSON_NUM_U64:
		strbuf_addf(out, "%" PRIu64, n->u64);
		break;
	case JSON_NUM_REAL:
		strbuf_addf(out, "%g", n->real);
		break;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Go sorts the keys of maps. */
static void print_object(const struct json *v, struct strbuf *out)
{
	autofree char **keys = xcalloc(v->len + 1, sizeof(*keys));

	for (size_t i = 0; i < v->len; i++)
		keys[i] = v->keys[i];
	qsort(keys, v->len, sizeof(*keys), by_name);
	strbuf_adds(out, "map[");
	for (size_t i = 0; i < v->len; i++) {
		strbuf_addf(out, "%s%s:", i ? " " : "", keys[i]);
		value_print(json_get(v, keys[i]), out);
	}
	strbuf_addc(out, ']');
}

void value_print(const struct json *v, struct strbuf *out)
{
	switch (v->kind) {
	case JSON_NULL:
		strbuf_adds(out, "<no value>");
		break;
	case JSON_BOOL:
		strbuf_adds(out, v->boolean ? "true" : "false");
		break;
	case JSON_NUMBER:
		print_number(&v->number, out);
		break;
	case JSON_STRING:
		strbuf_add(out, v->string, v->len);
		break;
	case JSON_ARRAY:
		strbuf_addc(out, '[');
		for (size_t i = 0; i < v->len; i++) {
			strbuf_adds(out, i ? " " : "");
			value_print(&v->items[i], out);
		}
		strbuf_addc(out, ']');
		break;
	case JSON_OBJECT:
		print_object(v, out);
		break;
	}
}
