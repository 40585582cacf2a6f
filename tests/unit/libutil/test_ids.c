/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/ids.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void ids_of_the_usual_callers_are_good(void **state UNUSED)
{
	static const char *const good[] = {
		"web",
		"a",
		"0",
		"_x",
		"-x",
		"+x",
		"a.b",
		"A-Z_09+.",
		"3f4e1ab8c0d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e0f1",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(id_check(good[i], NULL), 0);
}

static void ids_that_are_no_plain_file_names_are_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"",    ".",   "..",  ".x",       "a/b",  "../x",  "a b",
		"a\n", "a:b", "a*b", "\xc3\xa4", "a\\b", "a\x7f", "a@b"
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(id_check(bad[i], NULL), -EINVAL);
}

static void a_refused_id_is_named(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(id_check("a/b", &e), -EINVAL);
	assert_string_equal(e.msg, "id 'a/b' may only have letters, digits, '_', '+', '-' and '.'");
	assert_int_equal(id_check("", &e), -EINVAL);
	assert_string_equal(e.msg, "the id is empty");
}

static void an_id_is_at_most_a_file_name_long(void **state UNUSED)
{
	char id[300];
	struct err e = { 0 };

	memset(id, 'a', sizeof(id));
	id[255] = '\0';
	assert_int_equal(id_check(id, NULL), 0);
	id[255] = 'a';
	id[256] = '\0';
	assert_int_equal(id_check(id, &e), -ENAMETOOLONG);
	assert_string_equal(e.msg, "the id has 256 bytes, 255 are allowed");
}

static void random_ids_are_hex_and_differ(void **state UNUSED)
{
	char a[257], b[257];

	assert_int_equal(id_random(a, 256, NULL), 0);
	assert_int_equal(id_random(b, 256, NULL), 0);
	assert_int_equal(strspn(a, "0123456789abcdef"), 256);
	assert_int_equal(strlen(a), 256);
	assert_string_not_equal(a, b);
	assert_int_equal(id_random(a, 7, NULL), 0);
	assert_int_equal(strlen(a), 7);
	assert_int_equal(id_check(a, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_of_the_usual_callers_are_good),
		cmocka_unit_test(ids_that_are_no_plain_file_names_are_refused),
		cmocka_unit_test(a_refused_id_is_named),
		cmocka_unit_test(an_id_is_at_most_a_file_name_long),
		cmocka_unit_test(random_ids_are_hex_and_differ),
	};

	return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
