/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/ignore.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool excluded(const char *file, const char *path)
{
	auto_(arena) struct arena a = { 0 };
	struct ignore ig;
	struct err e = { 0 };

	if (ignore_parse(file, strlen(file), &a, &ig, &e) < 0)
		fail_msg("'%s': %s", file, e.msg);
	return ignore_excludes(&ig, path);
}

static void the_last_rule_that_fits_decides(void **state UNUSED)
{
	static const struct {
		const char *file;
		const char *out[6], *in[6];
	} rows[] = {
		{ "", { NULL }, { "a", "b/c" } },
		{ "a", { "a", "a/b", "a/b/c" }, { "b", "b/a" } },
		{ "/a/", { "a", "a/b" }, { "b/a" } },
		{ "  a  \r\n#b\n", { "a" }, { "b", "#b" } },
		{ " #b", { "#b" }, { "b" } },
		{ "*.c\n!main.c", { "x.c" }, { "main.c", "d/x.c" } },
		{ "!a\n*", { "a", "b" }, { NULL } },
		{ "*\n!a\na/x", { "b", "a/x", "a/x/y" }, { "a", "a/y" } },
		{ "**/node_modules", { "node_modules", "a/b/node_modules/c" }, { "node" } },
		{ "./a/../b", { "b" }, { "a" } },
		{ ".\n\n", { NULL }, { "a" } },
		{ "\xef\xbb\xbf"
		  "a",
		  { "a" },
		  { "b" } },
		{ "a*\n! ab", { "ac" }, { "ab" } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t n = 0; n < 6 && rows[i].out[n]; n++)
			if (!excluded(rows[i].file, rows[i].out[n]))
				fail_msg("'%s' keeps '%s'", rows[i].file, rows[i].out[n]);
		for (size_t n = 0; n < 6 && rows[i].in[n]; n++)
			if (excluded(rows[i].file, rows[i].in[n]))
				fail_msg("'%s' leaves '%s' out", rows[i].file, rows[i].in[n]);
	}
}

static void a_directory_is_not_read_when_nothing_below_can_be_wanted(void **state UNUSED)
{
	static const struct {
		const char *file, *dir;
		bool prunes;
	} rows[] = {
		{ "a", "a", true },
		{ "a\n!b", "a", true },
		{ "a\n!a/b", "a", false },
		{ "a\n!a/b", "a/c", true },
		{ "a\n!*.md", "a", false },
		{ "a\n!ab", "a", true },
		{ "a\n!a/b*/c", "a/bx", false },
		{ "a\n!a/b*/c", "a/x", true },
		{ "a\n!**/x", "a", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		struct ignore ig;

		assert_int_equal(ignore_parse(rows[i].file, strlen(rows[i].file), &a, &ig, NULL),
				 0);
		if (ignore_prunes(&ig, rows[i].dir) != rows[i].prunes)
			fail_msg("'%s', '%s'", rows[i].file, rows[i].dir);
	}
}

static void a_lone_exclamation_mark_and_bad_patterns_name_their_line(void **state UNUSED)
{
	static const struct {
		const char *file, *want;
	} rows[] = {
		{ "a\n!\n", "line 2: illegal exclusion pattern: \"!\"" },
		{ "\n\n[a", "line 3: pattern '[a': syntax error in pattern" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		struct ignore ig;
		struct err e = { 0 };

		assert_int_equal(ignore_parse(rows[i].file, strlen(rows[i].file), &a, &ig, &e),
				 -EINVAL);
		assert_string_equal(e.msg, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_rule_that_fits_decides),
		cmocka_unit_test(a_directory_is_not_read_when_nothing_below_can_be_wanted),
		cmocka_unit_test(a_lone_exclamation_mark_and_bad_patterns_name_their_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
