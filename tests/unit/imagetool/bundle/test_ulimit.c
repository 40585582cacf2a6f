/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/ulimit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_name_and_one_or_two_limits(void **state UNUSED)
{
	static const struct {
		const char *text, *type;
		uint64_t soft, hard;
	} rows[] = {
		{ "nofile=10", "RLIMIT_NOFILE", 10, 10 },
		{ "core=0:5", "RLIMIT_CORE", 0, 5 },
		{ "memlock=-1", "RLIMIT_MEMLOCK", UINT64_MAX, UINT64_MAX },
		{ "stack=1:unlimited", "RLIMIT_STACK", 1, UINT64_MAX },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		struct spec_rlimit l;

		assert_int_equal(ulimit_parse(rows[i].text, &a, &l, NULL), 0);
		assert_string_equal(l.type, rows[i].type);
		assert_true(l.soft.set && l.soft.v == rows[i].soft);
		assert_true(l.hard.set && l.hard.v == rows[i].hard);
	}
}

static void anything_else_is_refused(void **state UNUSED)
{
	static const char *const rows[] = {
		"",    "nofile", "nofile=",    "nofile=x",     "nofile=1:", "NOFILE=1",
		"x=1", "=1",     "nofile=2:1", "nofile=1:2:3", "nofile=-2", "rlimit_nofile=1"
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		struct spec_rlimit l;
		struct err e = { 0 };

		assert_int_equal(ulimit_parse(rows[i], &a, &l, &e), -EINVAL);
		assert_true(starts_with(e.msg, "--ulimit '"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_and_one_or_two_limits),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
