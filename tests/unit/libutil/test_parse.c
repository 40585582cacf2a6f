/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/parse.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct id_row {
	const char *text;
	int result;
	uint32_t id;
};

/* The texts that turned "exec -u 1" and an image's USER into root elsewhere (CVE-2026-30892,
 * CVE-2026-46680). */
static void an_id_is_digits_in_range_or_nothing(void **state UNUSED)
{
	static const struct id_row rows[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1 },
		{ "65534", 0, 65534 },
		{ "007", 0, 7 },
		{ "4294967294", 0, 4294967294 },
		{ "4294967295", -ERANGE, 0 },
		{ "4294967296", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "-0", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "1\n", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },
		{ "x1", -EINVAL, 0 },
		{ "0x1", -EINVAL, 0 },
		{ "1:2", -EINVAL, 0 },
		{ ":2", -EINVAL, 0 },
		{ "1:", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "1.0", -EINVAL, 0 },
		{ "root", -EINVAL, 0 },
		{ "99999999999999999999999x", -EINVAL, 0 },
		{ "\xd9\xa1", -EINVAL, 0 }, /* ARABIC-INDIC DIGIT ONE */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t id = 12345;

		assert_int_equal(parse_id(rows[i].text, &id), rows[i].result);
		assert_int_equal(id, rows[i].result == 0 ? rows[i].id : 12345);
	}
}

static void unsigned_numbers_reach_their_limits(void **state UNUSED)
{
	uint64_t v = 5;
	uint32_t w = 5;

	assert_int_equal(parse_u64("18446744073709551615", &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_u64("18446744073709551616", &v), -ERANGE);
	assert_int_equal(parse_u64("-1", &v), -EINVAL);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_u32("4294967295", &w), 0);
	assert_true(w == UINT32_MAX);
	assert_int_equal(parse_u32("4294967296", &w), -ERANGE);
	assert_true(w == UINT32_MAX);
}

static void signed_numbers_reach_their_limits(void **state UNUSED)
{
	int64_t v = 5;
	int n = 5;

	assert_int_equal(parse_i64("9223372036854775807", &v), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(parse_i64("-9223372036854775808", &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(parse_i64("9223372036854775808", &v), -ERANGE);
	assert_int_equal(parse_i64("-9223372036854775809", &v), -ERANGE);
	assert_int_equal(parse_i64("--1", &v), -EINVAL);
	assert_int_equal(parse_i64("-", &v), -EINVAL);
	assert_int_equal(parse_i64("-0", &v), 0);
	assert_true(v == 0);
	assert_int_equal(parse_int("-2147483648", &n), 0);
	assert_int_equal(n, INT_MIN);
	assert_int_equal(parse_int("2147483647", &n), 0);
	assert_int_equal(n, INT_MAX);
	assert_int_equal(parse_int("2147483648", &n), -ERANGE);
	assert_int_equal(parse_int("-2147483649", &n), -ERANGE);
	assert_int_equal(n, INT_MAX);
}

static void a_process_id_is_positive(void **state UNUSED)
{
	pid_t pid = 5;

	assert_int_equal(parse_pid("1", &pid), 0);
	assert_int_equal(pid, 1);
	assert_int_equal(parse_pid("2147483647", &pid), 0);
	assert_int_equal(pid, INT_MAX);
	assert_int_equal(parse_pid("0", &pid), -ERANGE);
	assert_int_equal(parse_pid("2147483648", &pid), -ERANGE);
	assert_int_equal(parse_pid("-1", &pid), -EINVAL);
	assert_int_equal(pid, INT_MAX);
}

static void truth_has_three_spellings(void **state UNUSED)
{
	bool v = false;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(parse_bool((const char *[]){ "true", "1", "yes" }[i], &v), 0);
		assert_true(v);
		assert_int_equal(parse_bool((const char *[]){ "false", "0", "no" }[i], &v), 0);
		assert_false(v);
	}
	assert_int_equal(parse_bool("", &v), -EINVAL);
	assert_int_equal(parse_bool("maybe", &v), -EINVAL);
	assert_int_equal(parse_bool("True ", &v), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_digits_in_range_or_nothing),
		cmocka_unit_test(unsigned_numbers_reach_their_limits),
		cmocka_unit_test(signed_numbers_reach_their_limits),
		cmocka_unit_test(a_process_id_is_positive),
		cmocka_unit_test(truth_has_three_spellings),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
