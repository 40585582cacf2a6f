/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/point.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/macro.h"

/* 2026-01-02T03:04:05Z; local time is two hours ahead. */
static const struct timespec now = { .tv_sec = 1767323045, .tv_nsec = 500 };
#define EAST 7200

static void assert_point(const char *text, int64_t sec, long ns)
{
	struct timespec t = { 0 };
	struct err e = { 0 };

	if (point_parse(text, now, EAST, &t, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(t.tv_sec, sec);
	assert_int_equal(t.tv_nsec, ns);
}

static void a_duration_is_so_long_ago(void **state UNUSED)
{
	assert_point("10m", now.tv_sec - 600, 500);
	assert_point("1h30m", now.tv_sec - 5400, 500);
	assert_point("1.5s", now.tv_sec - 2, 500000500);
	assert_point("0s", now.tv_sec, 500);
}

static void a_bare_number_is_seconds_since_1970(void **state UNUSED)
{
	assert_point("0", 0, 0);
	assert_point("1136073600", 1136073600, 0);
	assert_point("1136073600.000000001", 1136073600, 1);
	assert_point("1136073600.5", 1136073600, 500000000);
	/* Beyond nanoseconds nothing counts. */
	assert_point("1.0000000019", 1, 1);
}

static void a_time_with_a_zone_is_that_time(void **state UNUSED)
{
	assert_point("2026-01-02T03:04:05Z", 1767323045, 0);
	assert_point("2026-01-02T03:04:05.25Z", 1767323045, 250000000);
	assert_point("2026-01-02T03:04:05+07:00", 1767323045 - 7 * 3600, 0);
	assert_point("2026-01-02T03:04:05-07:00", 1767323045 + 7 * 3600, 0);
	assert_point("2026-01-02T03:04Z", 1767323040, 0);
	assert_point("2026-01-02T03Z", 1767322800, 0);
	assert_point("2026-01-02Z", 1767312000, 0);
	assert_point("2026-01-02+01:00", 1767308400, 0);
}

static void a_time_without_a_zone_is_local(void **state UNUSED)
{
	struct timespec t;

	assert_point("2026-01-02T03:04:05", 1767323045 - EAST, 0);
	assert_point("2026-01-02T03:04:05.000000006", 1767323045 - EAST, 6);
	assert_point("2026-01-02T03:04", 1767323040 - EAST, 0);
	assert_point("2026-01-02", 1767312000 - EAST, 0);
	assert_int_equal(point_parse("2026-01-02", now, -5400, &t, NULL), 0);
	assert_int_equal(t.tv_sec, 1767312000 + 5400);
}

static void anything_else_is_refused(void **state UNUSED)
{
	static const char *const bad[] = { "",           "yesterday",
					   "-1",         "1.",
					   "1.x",        "10x",
					   "2026-13-01", "2026-01-02T25:00",
					   "T00:00",     "2026-01-02T03:04:05+7",
					   "2026-01" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct timespec t = { .tv_sec = 7 };
		struct err e = { 0 };

		assert_int_equal(point_parse(bad[i], now, EAST, &t, &e), -EINVAL);
		assert_int_equal(t.tv_sec, 7);
		assert_non_null(strstr(e.msg, "is no time: give 10m"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_is_so_long_ago),
		cmocka_unit_test(a_bare_number_is_seconds_since_1970),
		cmocka_unit_test(a_time_with_a_zone_is_that_time),
		cmocka_unit_test(a_time_without_a_zone_is_local),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
