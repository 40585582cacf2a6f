/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/key_values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/alloc.h"

static void lines_are_names_and_values_as_they_stand(void **state UNUSED)
{
	static const char text[] = "\xEF\xBB\xBF# comment\nA=1 \n\n  B=2\n\tC\nQ=\"x\"\r\nE=a=b#c";
	static const char blank[] = "B = 2\n";
	auto_(strv) struct strv v = { 0 }, none = { 0 };
	autofree char *all = NULL;

	assert_int_equal(key_values_parse("f", text, sizeof(text) - 1, &v, NULL), 0);
	all = strv_join(&v, "|");
	assert_string_equal(all, "A=1 |B=2|C|Q=\"x\"|E=a=b#c");
	assert_int_equal(key_values_parse("f", blank, sizeof(blank) - 1, &none, NULL), -EINVAL);
}

static void a_bad_line_is_named_by_its_number(void **state UNUSED)
{
	auto_(strv) struct strv v = { 0 };
	struct err e = { 0 };

	assert_int_equal(key_values_parse("f", "A=1\n=2\n", 7, &v, &e), -EINVAL);
	assert_string_equal(e.msg, "'f': line 2: no name before '='");
	assert_int_equal(key_values_parse("f", "A=\0\n", 4, &v, &e), -EINVAL);
	assert_int_equal(key_values_parse("f", "A=\x80\n", 4, &v, &e), -EINVAL);
}

static void what_was_typed_comes_last_and_may_take_away(void **state UNUSED)
{
	auto_(strv) struct strv typed = { 0 }, files = { 0 }, v = { 0 };
	autofree char *all = NULL;

	assert_int_equal(setenv("CREEL_TEST_ENV", "here", 1), 0);
	strv_add(&typed, "CREEL_TEST_ENV");
	strv_add(&typed, "CREEL_TEST_NOT_THERE");
	strv_add(&typed, "X=");
	assert_int_equal(env_collect(&files, &typed, &v, NULL), 0);
	all = strv_join(&v, "|");
	assert_string_equal(all, "CREEL_TEST_ENV=here|CREEL_TEST_NOT_THERE|X=");
	strv_add(&typed, "=x");
	assert_int_equal(env_collect(&files, &typed, &v, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_names_and_values_as_they_stand),
		cmocka_unit_test(a_bad_line_is_named_by_its_number),
		cmocka_unit_test(what_was_typed_comes_last_and_may_take_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
