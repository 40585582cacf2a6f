/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/pattern.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool match(const char *pattern, const char *path)
{
	auto_(arena) struct arena a = { 0 };
	struct pattern *p;
	struct err e = { 0 };

	if (pattern_compile(pattern, &a, &p, &e) < 0)
		fail_msg("%s", e.msg);
	return pattern_match(p, path, strlen(path));
}

static void a_pattern_fits_what_it_describes(void **state UNUSED)
{
	static const struct {
		const char *pattern;
		const char *fits[8], *not [8];
	} rows[] = {
		{ "a", { "a" }, { "b", "aa", "", "a/b" } },
		{ "a*", { "a", "ab", "abc" }, { "ba", "a/b" } },
		{ "*.c", { ".c", "x.c" }, { "x.cc", "d/x.c" } },
		{ "*/x", { "d/x", "/x" }, { "x", "a/b/x" } },
		{ "a?c",
		  { "abc", "a\xc3\xa9"
			   "c" },
		  { "ac", "a/c", "abbc" } },
		{ "[a-c]x", { "ax", "cx" }, { "dx", "x", "/x" } },
		{ "[^a-c]x", { "dx", "\xc3\xa9x" }, { "ax", "/x" } },
		{ "[\\]a]", { "]", "a" }, { "\\" } },
		{ "\\*", { "*" }, { "a" } },
		{ "**", { "", "a", "a/b" }, { NULL } },
		{ "**/x", { "x", "a/x", "a/b/x" }, { "ax", "a/bx", "x/a" } },
		{ "a/**", { "a/", "a/b", "a/b/c" }, { "a", "b/a" } },
		{ "a/**/b", { "a/b", "a/x/b", "a/x/y/b" }, { "ab", "a/xb", "a/b/c" } },
		{ "**/*.c", { "x.c", "a/b/x.c" }, { "x.h", "a.c/x" } },
		{ "**a", { "a", "b/a" }, { "ba" } },
		{ "a*b*c", { "abc", "axbxc", "abbc" }, { "acb", "ab" } },
		{ "*a*a*a*a*a*a*a*b", { "aaaaaaab" }, { "aaaaaaaaaaaaaaaaaaaaaaaaaaaa" } },
		{ "\xff?",
		  { "\xff\xfe", "\xff"
				"a" },
		  { "\xfe"
		    "a" } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t n = 0; n < 8 && rows[i].fits[n]; n++)
			if (!match(rows[i].pattern, rows[i].fits[n]))
				fail_msg("'%s' does not fit '%s'", rows[i].pattern,
					 rows[i].fits[n]);
		for (size_t n = 0; n < 8 && rows[i].not [n]; n++)
			if (match(rows[i].pattern, rows[i].not [n]))
				fail_msg("'%s' fits '%s'", rows[i].pattern, rows[i].not [n]);
	}
}

static void bad_patterns_are_refused_as_go_refuses_them(void **state UNUSED)
{
	static const char *const rows[] = { "[", "[]", "[]a]", "[-]", "[x-]", "[a", "a\\", "[a\\" };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		struct pattern *p;

		assert_int_equal(pattern_compile(rows[i], &a, &p, NULL), -EINVAL);
	}
}

static void a_long_pattern_against_a_long_path_takes_no_time(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	char pattern[PATTERN_MAX + 1], path[4096];
	struct pattern *p;

	for (size_t i = 0; i < PATTERN_MAX; i++)
		pattern[i] = i % 2 ? 'a' : '*';
	pattern[PATTERN_MAX] = '\0';
	memset(path, 'a', sizeof(path));
	assert_int_equal(pattern_compile(pattern, &a, &p, NULL), 0);
	assert_true(pattern_match(p, path, sizeof(path)));
	path[sizeof(path) - 1] = 'b';
	assert_false(pattern_match(p, path, sizeof(path)));
	pattern[0] = '\0';
	memset(pattern, '*', PATTERN_MAX);
	assert_int_equal(pattern_compile(pattern, &a, &p, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_fits_what_it_describes),
		cmocka_unit_test(bad_patterns_are_refused_as_go_refuses_them),
		cmocka_unit_test(a_long_pattern_against_a_long_path_takes_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
