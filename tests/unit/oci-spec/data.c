/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/oci-spec/data.h"

#include <dirent.h>
#include <fcntl.h>

#include "libutil/file.h"
#include "libutil/path.h"

static char *data_path(const char *path)
{
	const char *srcdir = getenv("srcdir"); /* automake's test driver sets it */

	return xasprintf("%s/tests/data/%s", srcdir ? srcdir : ".", path);
}

struct data data_read(const char *path)
{
	autofree char *full = data_path(path);
	struct data d = { 0 };
	struct err e = { 0 };

	if (file_read_at(AT_FDCWD, full, JSON_MAX_SIZE, &d.text, &d.len, &e) < 0)
		fail_msg("%s", e.msg);
	return d;
}

struct data data_read_bundle(const char *path)
{
	auto_(data) struct data d = data_read(path);
	auto_(strbuf) struct strbuf out = { 0 };
	struct data ret;

	/* @BINDS@, @HOOK@ and @PATH@ stand where an absolute path was. */
	for (const char *p = d.text; *p; p++) {
		if (*p == '@' && (starts_with(p, "@BINDS@") || starts_with(p, "@HOOK@") ||
				  starts_with(p, "@PATH@"))) {
			strbuf_adds(&out, "/placeholder");
			p = strchr(p + 1, '@');
		} else {
			strbuf_addc(&out, *p);
		}
	}
	ret.len = out.len;
	ret.text = strbuf_steal(&out);
	return ret;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void data_list(const char *dir, const char *suffix, struct strv *ret)
{
	autofree char *full = data_path(dir);
	autodir DIR *d = opendir(full);
	const struct dirent *entry;

	if (!d)
		fail_msg("no directory '%s'", full);
	while ((entry = readdir(d))) {
		size_t len = strlen(entry->d_name), tail = strlen(suffix);

		if (len > tail && streq(entry->d_name + len - tail, suffix))
			strv_add(ret, entry->d_name);
	}
	if (!ret->n)
		fail_msg("nothing in '%s' ends in '%s'", full, suffix);
	qsort(ret->v, ret->n, sizeof(*ret->v), compare);
}

/* ---- JSON ---- */

static bool is_nothing(const struct json *v)
{
	if (!v || v->kind == JSON_NULL)
		return true;
	if (v->kind == JSON_BOOL)
		return !v->boolean;
	return v->kind != JSON_NUMBER && v->len == 0;
}

static void compare_members(const char *path, const struct json *a, const struct json *b)
{
	for (size_t i = 0; i < a->len; i++) {
		autofree char *below = xasprintf("%s.%s", path, a->keys[i]);
		const struct json *other = json_get(b, a->keys[i]);

		if (is_nothing(&a->items[i]) && is_nothing(other))
			continue;
		if (!other)
			fail_msg("%s: only on one side", below);
		assert_json_same(below, &a->items[i], other);
	}
}

static void compare_items(const char *path, const struct json *a, const struct json *b)
{
	if (a->len != b->len)
		fail_msg("%s: %zu items, not %zu", path, a->len, b->len);
	for (size_t i = 0; i < a->len; i++) {
		autofree char *below = xasprintf("%s[%zu]", path, i);

		assert_json_same(below, &a->items[i], &b->items[i]);
	}
}

void assert_json_same(const char *path, const struct json *a, const struct json *b)
{
	if (a->kind != b->kind)
		fail_msg("%s: kinds %d and %d", path, (int)a->kind, (int)b->kind);
	switch (a->kind) {
	case JSON_NULL:
		break;
	case JSON_BOOL:
		if (a->boolean != b->boolean)
			fail_msg("%s: true and false", path);
		break;
	case JSON_NUMBER:
		if (a->number.kind != b->number.kind || a->number.i64 != b->number.i64 ||
		    a->number.u64 != b->number.u64)
			fail_msg("%s: numbers differ", path);
		break;
	case JSON_STRING:
		if (!streq(a->string, b->string))
			fail_msg("%s: '%s' and '%s'", path, a->string, b->string);
		break;
	case JSON_ARRAY:
		compare_items(path, a, b);
		break;
	case JSON_OBJECT:
		compare_members(path, a, b);
		compare_members(path, b, a);
		break;
	}
}

char *encode_twice(const struct field_type *type, const void *object)
{
	auto_(strbuf) struct strbuf first = { 0 };
	auto_(strbuf) struct strbuf second = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct err e = { 0 };
	void *again;

	oci_encode(type, object, 2, &first);
	if (oci_decode(type, "encoded", first.data, first.len, NULL, &a, &again, &e) < 0)
		fail_msg("%s", e.msg);
	oci_encode(type, again, 2, &second);
	assert_string_equal(first.data, second.data);
	return strbuf_steal(&first);
}
