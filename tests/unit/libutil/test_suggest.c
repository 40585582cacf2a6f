/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/macro.h"

static const char *nearest(const char *typed)
{
	static const char *const known[] = { "create", "start", "state", "kill",        "delete",
					     "run",    "ps",    "pause", "no-subreaper" };
	struct suggest s = { .typed = typed };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		suggest_try(&s, known[i]);
	return s.best;
}

static void one_slip_finds_the_word(void **state UNUSED)
{
	assert_string_equal(nearest("crreate"), "create");
	assert_string_equal(nearest("creat"), "create");
	assert_string_equal(nearest("createe"), "create");
	assert_string_equal(nearest("rum"), "run");
	assert_string_equal(nearest("urn"), "run");
	assert_string_equal(nearest("stat"), "start");
	assert_string_equal(nearest("no-subreeper"), "no-subreaper");
}

static void half_a_word_finds_it(void **state UNUSED)
{
	assert_string_equal(nearest("del"), "delete");
	assert_string_equal(nearest("no-"), "no-subreaper");
}

static void words_far_from_all_find_none(void **state UNUSED)
{
	char longer[200] = { 0 };

	assert_null(nearest("frobnicate"));
	assert_null(nearest("x"));
	assert_null(nearest(""));
	assert_null(nearest("zz"));
	memset(longer, 'a', sizeof(longer) - 1);
	assert_null(nearest(longer));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_slip_finds_the_word),
		cmocka_unit_test(half_a_word_finds_it),
		cmocka_unit_test(words_far_from_all_find_none),
	};

	return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
