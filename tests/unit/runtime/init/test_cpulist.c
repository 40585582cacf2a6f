/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/cpulist.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_list_becomes_bits(void **state UNUSED)
{
	auto_(cpulist) struct cpulist l = { 0 };

	assert_int_equal(cpulist_parse("0-2,5", &l, NULL), 0);
	assert_int_equal(l.n_bits, 6);
	assert_int_equal(l.bits[0], 0x27);
	assert_int_equal(cpulist_bytes(&l), sizeof(unsigned long));
}

static void there_is_room_beyond_1024(void **state UNUSED)
{
	auto_(cpulist) struct cpulist l = { 0 };

	assert_int_equal(cpulist_parse("3,2000", &l, NULL), 0);
	assert_int_equal(l.n_bits, 2001);
	assert_int_equal(l.bits[0], 8);
	assert_int_equal(l.bits[2000 / 64], 1ul << (2000 % 64));
	assert_int_equal(l.bits[5], 0);
}

static void no_text_is_no_cpu(void **state UNUSED)
{
	auto_(cpulist) struct cpulist l = { 0 };

	assert_int_equal(cpulist_parse("", &l, NULL), 0);
	assert_int_equal(l.n_bits, 0);
	assert_null(l.bits);
}

static void other_texts_are_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"a", "1-", "-1", "3-1", "1,,2", "1 ", "65536", "0-65536"
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct cpulist l = { 0 };

		assert_int_equal(cpulist_parse(bad[i], &l, &e), -EINVAL);
		assert_null(l.bits);
	}
	assert_string_equal(e.msg, "'0-65536' is not a list like 0-3,8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_becomes_bits),
		cmocka_unit_test(there_is_room_beyond_1024),
		cmocka_unit_test(no_text_is_no_cpu),
		cmocka_unit_test(other_texts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
