/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/entry_path.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void names_become_relative_and_clean(void **state UNUSED)
{
	static const struct {
		const char *name, *text, *base;
		size_t parent_len;
	} rows[] = {
		{ "a", "a", "a", 0 },
		{ "a/", "a", "a", 0 },
		{ "/a", "a", "a", 0 },
		{ "./a", "a", "a", 0 },
		{ "//a//./b/", "a/b", "b", 1 },
		{ "a/b/c", "a/b/c", "c", 3 },
		{ ".a/..b/...", ".a/..b/...", "...", 6 },
		{ "./", "", "", 0 },
		{ ".", "", "", 0 },
		{ "/", "", "", 0 },
		{ "/././", "", "", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct entry_path p;

		assert_int_equal(entry_path_parse(rows[i].name, &p, NULL), 0);
		assert_string_equal(p.text, rows[i].text);
		assert_int_equal(p.len, strlen(rows[i].text));
		assert_string_equal(entry_path_base(&p), rows[i].base);
		assert_int_equal(p.parent_len, rows[i].parent_len);
	}
}

static void dotdot_anywhere_is_refused(void **state UNUSED)
{
	static const char *const rows[] = {
		"..", "../a", "a/..", "a/../b", "/..", "./..", "a//../b"
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct entry_path p;
		struct err e = { 0 };

		assert_int_equal(entry_path_parse(rows[i], &p, &e), -EINVAL);
		assert_non_null(strstr(e.msg, "'..' is not allowed"));
	}
}

static void no_name_and_too_long_names_are_refused(void **state UNUSED)
{
	char name[2 * PATH_MAX];
	struct entry_path p;

	assert_int_equal(entry_path_parse("", &p, NULL), -EINVAL);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(entry_path_parse(name, &p, NULL), -ENAMETOOLONG);
	name[PATH_MAX] = '\0';
	assert_int_equal(entry_path_parse(name, &p, NULL), -ENAMETOOLONG);
	name[PATH_MAX - 2] = '\0';
	assert_int_equal(entry_path_parse(name, &p, NULL), 0);
}

static void names_say_what_they_hide(void **state UNUSED)
{
	static const struct {
		const char *name;
		enum whiteout kind;
		const char *target;
	} rows[] = {
		{ "a", WHITEOUT_NONE, NULL },
		{ "a.wh.b", WHITEOUT_NONE, NULL },
		{ ".wh", WHITEOUT_NONE, NULL },
		{ ".wh.a", WHITEOUT_REMOVE, "a" },
		{ "d/.wh.a", WHITEOUT_REMOVE, "a" },
		{ "d/.wh..hidden", WHITEOUT_REMOVE, ".hidden" },
		{ "d/.wh....", WHITEOUT_REMOVE, "..." },
		{ ".wh..wh..opq", WHITEOUT_OPAQUE, NULL },
		{ "d/.wh..wh..opq", WHITEOUT_OPAQUE, NULL },
		{ ".wh..wh.plnk", WHITEOUT_AUFS, NULL },
		{ ".wh..wh.plnk/1.2", WHITEOUT_AUFS, NULL },
		{ "d/.wh..wh.aufs", WHITEOUT_AUFS, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct entry_path p;
		enum whiteout kind;

		assert_int_equal(entry_path_parse(rows[i].name, &p, NULL), 0);
		assert_int_equal(whiteout_parse(&p, &kind, NULL), 0);
		assert_int_equal(kind, rows[i].kind);
		if (rows[i].target)
			assert_string_equal(whiteout_target(&p), rows[i].target);
	}
}

static void whiteouts_of_no_name_and_with_children_are_refused(void **state UNUSED)
{
	static const char *const rows[] = { ".wh.",     "d/.wh.",  ".wh..",      ".wh...",
					    "d/.wh...", ".wh.a/b", "d/.wh.a/b/c" };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct entry_path p;
		enum whiteout kind;

		assert_int_equal(entry_path_parse(rows[i], &p, NULL), 0);
		assert_int_equal(whiteout_parse(&p, &kind, NULL), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_relative_and_clean),
		cmocka_unit_test(dotdot_anywhere_is_refused),
		cmocka_unit_test(no_name_and_too_long_names_are_refused),
		cmocka_unit_test(names_say_what_they_hide),
		cmocka_unit_test(whiteouts_of_no_name_and_with_children_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
