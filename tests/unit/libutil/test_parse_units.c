/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
	const char *text;
	int64_t want;
};

static void sizes_are_powers_of_1024(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "0", 0 },
		{ "4096", 4096 },
		{ "1b", 1 },
		{ "1k", 1024 },
		{ "1K", 1024 },
		{ "1kb", 1024 },
		{ "1KiB", 1024 },
		{ "64m", 64 << 20 },
		{ "1.5g", (int64_t)3 << 29 },
		{ "2GB", (int64_t)2 << 30 },
		{ "1t", (int64_t)1 << 40 },
		{ "0.5k", 512 },
		{ "0.125m", 128 << 10 },
		{ "1.9", 1 },
		{ "9223372036854775807", INT64_MAX },
		{ "8388607t", (int64_t)8388607 << 40 },
		{ "-1", -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t v = 77;

		assert_int_equal(parse_size(rows[i].text, &v), 0);
		assert_true(v == rows[i].want);
	}
}

static void other_texts_are_no_size(void **state UNUSED)
{
	static const char *const bad[] = { "",    "k",    "1x",  "1kk", "1.",  ".5",   "1.k",
					   "-2",  "-1k",  " 1",  "1 k", "1e3", "0x1",  "+1",
					   "1,5", "1bib", "1bb", "ib",  "1ib", "1.2.3" };
	int64_t v = 77;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse_size(bad[i], &v), -EINVAL);
	assert_int_equal(parse_size("9223372036854775808", &v), -ERANGE);
	assert_int_equal(parse_size("8388608t", &v), -ERANGE);
	assert_int_equal(parse_size("99999999999999999999", &v), -ERANGE);
	assert_true(v == 77);
}

static void durations_add_up(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "0", 0 },
		{ "10", 10000000000 },
		{ "0.5", 500000000 },
		{ "300ms", 300000000 },
		{ "1.5h", 5400000000000 },
		{ "1h30m", 5400000000000 },
		{ "1m1s1ms1us1ns", 61001001001 },
		{ "1µs", 1000 },
		{ "1.000000001s", 1000000001 },
		{ "2562047h", 9223369200000000000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t v = 77;

		assert_int_equal(parse_duration(rows[i].text, &v), 0);
		assert_true(v == rows[i].want);
	}
}

static void other_texts_are_no_duration(void **state UNUSED)
{
	static const char *const bad[] = { "",    "s",   "-1s", "1x",  "1h30", "h1",
					   "1 s", " 1s", "1sx", "1.s", "1d",   "1s " };
	int64_t v = 77;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse_duration(bad[i], &v), -EINVAL);
	assert_int_equal(parse_duration("2562048h", &v), -ERANGE);
	assert_int_equal(parse_duration("2562047h2562047h", &v), -ERANGE);
	assert_int_equal(parse_duration("99999999999999999999s", &v), -ERANGE);
	assert_true(v == 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(other_texts_are_no_size),
		cmocka_unit_test(durations_add_up),
		cmocka_unit_test(other_texts_are_no_duration),
	};

	return cmocka_run_group_tests_name("parse_units", tests, NULL, NULL);
}
