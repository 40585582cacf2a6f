/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value tree.  Members of the objects and arrays that are still open lie on
 * one stack; when a container ends, its members move into the arena in arrays
 * of the exact size.
 */
#include <errno.h>
#include <stdlib.h>

#include "libutil/cleanup.h"
#include "libutil/json.h"

#define FIRST_ITEMS ((size_t)32)
/* From here on sorting beats comparing each name with each other one. */
#define FEW_MEMBERS 12

struct item {
	char *key; /* NULL in arrays */
	struct json value;
};

struct builder {
	const char *name;
	struct arena *arena;
	struct item *items;
	size_t n, cap, total;
	size_t first[JSON_MAX_DEPTH]; /* per open container: where its members begin */
	int depth;
	char *key; /* of the member whose value comes next */
};

/* The container open at `level` lies right below its first member. */
static struct json *container(const struct builder *b, int level)
{
	return &b->items[b->first[level] - 1].value;
}

/* "process.rlimits[2]: ", or "" at the top. */
static void add_path(const struct builder *b, struct strbuf *path)
{
	for (int level = 0; level + 1 < b->depth; level++) {
		size_t member = b->first[level + 1] - 1;

		if (container(b, level)->kind == JSON_ARRAY)
			strbuf_addf(path, "[%zu]", member - b->first[level]);
		else
			strbuf_addf(path, "%s%s", path->len ? "." : "", b->items[member].key);
	}
	if (path->len)
		strbuf_adds(path, ": ");
}

static int fail(const struct builder *b, struct err *e, const char *what, const char *key)
{
	auto_(strbuf) struct strbuf path = { 0 };

	add_path(b, &path);
	return err_set(e, EBADMSG, "%s: %s%s '%s'", b->name, strbuf_str(&path), what, key);
}

static int add(struct builder *b, struct json value, struct err *e)
{
	if (++b->total > JSON_MAX_VALUES)
		return err_set(e, EFBIG, "%s: has more than %d values", b->name, JSON_MAX_VALUES);
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : FIRST_ITEMS;
		b->items = xreallocarray(b->items, b->cap, sizeof(*b->items));
	}
	b->items[b->n++] = (struct item){ .key = b->key, .value = value };
	b->key = NULL;
	return 0;
}

static int on_null(void *ctx, struct err *e)
{
	return add(ctx, (struct json){ .kind = JSON_NULL }, e);
}

static int on_boolean(void *ctx, bool value, struct err *e)
{
	return add(ctx, (struct json){ .kind = JSON_BOOL, .boolean = value }, e);
}

static int on_number(void *ctx, const struct json_number *n, struct err *e)
{
	return add(ctx, (struct json){ .kind = JSON_NUMBER, .number = *n }, e);
}

static int on_string(void *ctx, const char *s, size_t len, struct err *e)
{
	struct builder *b = ctx;
	struct json v = { .kind = JSON_STRING, .len = len };

	v.string = arena_strndup(b->arena, s, len);
	return add(b, v, e);
}

static int on_map_key(void *ctx, const char *s, size_t len, struct err *e)
{
	struct builder *b = ctx;

	b->key = arena_strndup(b->arena, s, len);
	/* Keys are plain C strings: two that differ behind a NUL would look alike. */
	if (memchr(s, '\0', len))
		return fail(b, e, "NUL in name", b->key);
	return 0;
}

static int start(struct builder *b, enum json_kind kind, struct err *e)
{
	int r = add(b, (struct json){ .kind = kind }, e);

	if (r < 0)
		return r;
	b->first[b->depth++] = b->n;
	return 0;
}

static int on_start_map(void *ctx, struct err *e)
{
	return start(ctx, JSON_OBJECT, e);
}

static int on_start_array(void *ctx, struct err *e)
{
	return start(ctx, JSON_ARRAY, e);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *find_repeated_among_few(char *const *keys, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (streq(keys[i], keys[k]))
				return keys[i];
	return NULL;
}

static const char *find_repeated(char *const *keys, size_t n)
{
	autofree char **sorted = NULL;

	if (n <= FEW_MEMBERS)
		return find_repeated_among_few(keys, n);
	sorted = xcalloc(n, sizeof(*sorted));
	memcpy(sorted, keys, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_text);
	for (size_t i = 1; i < n; i++)
		if (streq(sorted[i - 1], sorted[i]))
			return sorted[i];
	return NULL;
}

static int end(struct builder *b, struct err *e)
{
	size_t first = b->first[b->depth - 1], n = b->n - first;
	struct json *c = container(b, b->depth - 1);
	const char *repeated;

	c->len = n;
	c->items = arena_alloc(b->arena, n, sizeof(*c->items));
	for (size_t i = 0; i < n; i++)
		c->items[i] = b->items[first + i].value;
	if (c->kind == JSON_OBJECT) {
		c->keys = arena_alloc(b->arena, n, sizeof(*c->keys));
		for (size_t i = 0; i < n; i++)
			c->keys[i] = b->items[first + i].key;
		repeated = find_repeated(c->keys, n);
		if (repeated)
			return fail(b, e, "duplicate name", repeated);
	}
	b->n = first;
	b->depth--;
	return 0;
}

static int on_end(void *ctx, struct err *e)
{
	return end(ctx, e);
}

int json_parse(const char *name, const char *text, size_t len, struct arena *a, struct json **ret,
	       struct err *e)
{
	static const struct json_events events = {
		.null = on_null,
		.boolean = on_boolean,
		.number = on_number,
		.string = on_string,
		.start_map = on_start_map,
		.map_key = on_map_key,
		.end_map = on_end,
		.start_array = on_start_array,
		.end_array = on_end,
	};
	struct builder b = { .name = name, .arena = a };
	int r = json_read(name, text, len, &events, &b, e);

	if (r >= 0) {
		struct json *root = arena_alloc(a, 1, sizeof(*root));

		*root = b.items[0].value;
		*ret = root;
	}
	free(b.items);
	return r < 0 ? r : 0;
}

const struct json *json_get(const struct json *v, const char *key)
{
	if (!v || v->kind != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < v->len; i++)
		if (streq(v->keys[i], key))
			return &v->items[i];
	return NULL;
}

const char *json_get_string(const struct json *v, const char *key)
{
	const struct json *member = json_get(v, key);

	return member && member->kind == JSON_STRING ? member->string : NULL;
}
