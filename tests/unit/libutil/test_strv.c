/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/strv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_empty_vector_is_a_usable_argv(void **state UNUSED)
{
	struct strv s = { 0 };

	assert_null(strv_argv(&s)[0]);
	strv_done(&s);
}

static void the_vector_ends_in_null_at_every_size(void **state UNUSED)
{
	auto_(strv) struct strv s = { 0 };

	for (size_t i = 0; i < 40; i++) {
		strv_addf(&s, "%zu", i);
		assert_int_equal(s.n, i + 1);
		assert_null(strv_argv(&s)[s.n]);
	}
	assert_string_equal(s.v[39], "39");
	assert_true(strv_has(&s, "17"));
	assert_false(strv_has(&s, "40"));
}

static void lists_are_copied(void **state UNUSED)
{
	auto_(strv) struct strv s = { 0 };
	auto_(strv) struct strv t = { 0 };

	strv_add(&s, "a");
	strv_add_owned(&s, strdup("b"));
	strv_add_all(&t, strv_argv(&s));
	strv_add_all(&t, NULL);
	assert_int_equal(t.n, 2);
	assert_string_equal(t.v[1], "b");
	assert_ptr_not_equal(t.v[1], s.v[1]);
}

static void variables_are_replaced_in_place(void **state UNUSED)
{
	auto_(strv) struct strv s = { 0 };

	strv_add(&s, "PATHS=x");
	strv_add(&s, "PATH=/bin");
	strv_env_set(&s, "PATH", "/usr/bin");
	strv_env_set(&s, "HOME", "");
	assert_int_equal(s.n, 3);
	assert_string_equal(s.v[1], "PATH=/usr/bin");
	assert_string_equal(s.v[2], "HOME=");
	assert_string_equal(strv_env_get(&s, "PATH"), "/usr/bin");
	assert_string_equal(strv_env_get(&s, "HOME"), "");
	assert_null(strv_env_get(&s, "PAT"));
}

static void empty_pieces_are_kept_or_skipped(void **state UNUSED)
{
	auto_(strv) struct strv kept = { 0 };
	auto_(strv) struct strv skipped = { 0 };
	autofree char *a = NULL;
	autofree char *b = NULL;

	strv_split(&kept, ",a,,b,", ',', false);
	strv_split(&skipped, ",a,,b,", ',', true);
	a = strv_join(&kept, "|");
	b = strv_join(&skipped, ", ");
	assert_string_equal(a, "|a||b|");
	assert_string_equal(b, "a, b");
}

static void splitting_nothing_gives_one_empty_piece_or_none(void **state UNUSED)
{
	auto_(strv) struct strv kept = { 0 };
	auto_(strv) struct strv skipped = { 0 };
	autofree char *joined = NULL;

	strv_split(&kept, "", ',', false);
	strv_split(&skipped, "", ',', true);
	assert_int_equal(kept.n, 1);
	assert_int_equal(skipped.n, 0);
	joined = strv_join(&skipped, ",");
	assert_string_equal(joined, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_vector_is_a_usable_argv),
		cmocka_unit_test(the_vector_ends_in_null_at_every_size),
		cmocka_unit_test(lists_are_copied),
		cmocka_unit_test(variables_are_replaced_in_place),
		cmocka_unit_test(empty_pieces_are_kept_or_skipped),
		cmocka_unit_test(splitting_nothing_gives_one_empty_piece_or_none),
	};

	return cmocka_run_group_tests_name("strv", tests, NULL, NULL);
}
