/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/path.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/cleanup.h"

struct row {
	const char *a, *b, *want;
};

static void joined_paths_have_one_slash_between(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "a", "b", "a/b" },     { "a/", "b", "a/b" }, { "a", "/b", "a/b" },
		{ "a//", "//b", "a/b" }, { "/", "b", "/b" },   { "/", "/", "/" },
		{ "", "b", "b" },        { "", "/b", "/b" },   { "a", "", "a" },
		{ "/a", "b/", "/a/b/" }, { "/", "", "/" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *got = path_join(rows[i].a, rows[i].b);

		assert_string_equal(got, rows[i].want);
	}
}

static void cleaning_resolves_dots_and_slashes_as_text(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "", NULL, "." },
		{ ".", NULL, "." },
		{ "/", NULL, "/" },
		{ "//", NULL, "/" },
		{ "a", NULL, "a" },
		{ "a/b/", NULL, "a/b" },
		{ "./a", NULL, "a" },
		{ "a//b/./c", NULL, "a/b/c" },
		{ "a/..", NULL, "." },
		{ "a/../b", NULL, "b" },
		{ "..", NULL, ".." },
		{ "../..", NULL, "../.." },
		{ "a/../../b", NULL, "../b" },
		{ "../a/../../b", NULL, "../../b" },
		{ "/..", NULL, "/" },
		{ "/../a", NULL, "/a" },
		{ "/a/../../b", NULL, "/b" },
		{ "/a/b/../..", NULL, "/" },
		{ "a/b/../..", NULL, "." },
		{ "..a/...", NULL, "..a/..." },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *got = path_clean(rows[i].a);
		autofree char *again = path_clean(got);

		assert_string_equal(got, rows[i].want);
		assert_string_equal(again, got);
	}
}

static void a_path_has_a_base_and_a_parent(void **state UNUSED)
{
	static const struct row rows[] = {
		/* path, base, parent */
		{ "a", "a", "." },         { "a/b", "b", "a" }, { "/a", "a", "/" },
		{ "/", "", "/" },          { "a/", "", "a" },   { "a//b", "b", "a" },
		{ "/a/b.c", "b.c", "/a" }, { "//a", "a", "/" }, { "", "", "." },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *parent = path_parent(rows[i].a);

		assert_string_equal(path_base(rows[i].a), rows[i].b);
		assert_string_equal(parent, rows[i].want);
	}
}

static void below_ends_at_a_component(void **state UNUSED)
{
	assert_true(path_is_below("/a/b", "/a"));
	assert_true(path_is_below("/a", "/a"));
	assert_false(path_is_below("/ab", "/a"));
	assert_false(path_is_below("/a", "/a/b"));
	assert_true(path_is_below("/a", "/"));
	assert_false(path_is_below("a", "/"));
	assert_true(path_is_below("a/b", "a"));
	assert_true(path_is_below("a", "."));
	assert_true(path_is_below("..a", "."));
	assert_false(path_is_below("../a", "."));
	assert_false(path_is_below("..", "."));
	assert_false(path_is_below("/a", "."));
}

static void dotdot_is_found_as_a_component_only(void **state UNUSED)
{
	assert_true(path_has_dotdot(".."));
	assert_true(path_has_dotdot("a/../b"));
	assert_true(path_has_dotdot("a/.."));
	assert_true(path_has_dotdot("/.."));
	assert_false(path_has_dotdot("a..b/..c/d.."));
	assert_false(path_has_dotdot("..."));
	assert_false(path_has_dotdot(""));
}

static void absolute_paths_start_at_the_working_directory(void **state UNUSED)
{
	char cwd[PATH_MAX];
	autofree char *want = NULL;
	autofree char *got = path_absolute("x/../y");
	autofree char *same = path_absolute("/a//b/.");

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	want = path_join(cwd, "y");
	assert_string_equal(got, want);
	assert_string_equal(same, "/a/b");
	assert_true(path_is_absolute(got));
	assert_false(path_is_absolute("a/b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joined_paths_have_one_slash_between),
		cmocka_unit_test(cleaning_resolves_dots_and_slashes_as_text),
		cmocka_unit_test(a_path_has_a_base_and_a_parent),
		cmocka_unit_test(below_ends_at_a_component),
		cmocka_unit_test(dotdot_is_found_as_a_component_only),
		cmocka_unit_test(absolute_paths_start_at_the_working_directory),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
