/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/timens.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void offsets_are_a_line_for_each_clock(void **state UNUSED)
{
	struct spec_time_offset o[] = {
		{ .key = "boottime", .secs = { true, -5 }, .nanosecs = { true, 7 } },
		{ .key = "monotonic", .secs = { true, 60 } },
	};
	struct oci_array a = { .items = o, .n = 2 };
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(timens_format(&a, &out, NULL), 0);
	assert_string_equal(strbuf_str(&out), "boottime -5 7\nmonotonic 60 0\n");
}

static void only_two_clocks_have_offsets(void **state UNUSED)
{
	struct spec_time_offset o[] = { { .key = "realtime" } };
	struct oci_array a = { .items = o, .n = 1 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };

	assert_int_equal(timens_format(&a, &out, &e), -EINVAL);
	assert_string_equal(e.msg,
			    "linux.timeOffsets: unknown clock 'realtime' (monotonic, boottime)");
}

static void nanoseconds_stay_below_a_second(void **state UNUSED)
{
	struct spec_time_offset o[] = { { .key = "boottime", .nanosecs = { true, 1000000000 } } };
	struct oci_array a = { .items = o, .n = 1 };
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(timens_format(&a, &out, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_a_line_for_each_clock),
		cmocka_unit_test(only_two_clocks_have_offsets),
		cmocka_unit_test(nanoseconds_stay_below_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
