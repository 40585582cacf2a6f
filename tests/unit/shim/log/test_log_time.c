/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/log_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void assert_time(struct log_clock *c, time_t sec, const char *want)
{
	char buf[LOG_TIME_SIZE];

	assert_string_equal(log_time(c, (struct timespec){ sec, 6 }, buf), want);
}

static void use_zone(const char *tz)
{
	assert_int_equal(setenv("TZ", tz, 1), 0);
	tzset();
}

static void without_a_zone_the_time_is_utc(void **state UNUSED)
{
	struct log_clock c = { 0 };

	use_zone("XXX-2");
	assert_time(&c, 1767323045, "2026-01-02T03:04:05.000000006Z");
}

static void local_time_has_its_numeric_offset(void **state UNUSED)
{
	struct log_clock east = { .local = true }, west = { .local = true },
			 utc = { .local = true };

	use_zone("XXX-5:45");
	assert_time(&east, 1767323045, "2026-01-02T08:49:05.000000006+05:45");
	use_zone("XXX3:30");
	assert_time(&west, 1767323045, "2026-01-01T23:34:05.000000006-03:30");
	use_zone("UTC0");
	assert_time(&utc, 1767323045, "2026-01-02T03:04:05.000000006+00:00");
}

static void the_offset_changes_in_the_second_in_which_the_zone_does(void **state UNUSED)
{
	struct log_clock c = { .local = true };

	use_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_time(&c, 1774745999, "2026-03-29T01:59:59.000000006+01:00");
	assert_time(&c, 1774746000, "2026-03-29T03:00:00.000000006+02:00");
	/* The clock was set back. */
	assert_time(&c, 1774745999, "2026-03-29T01:59:59.000000006+01:00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_zone_the_time_is_utc),
		cmocka_unit_test(local_time_has_its_numeric_offset),
		cmocka_unit_test(the_offset_changes_in_the_second_in_which_the_zone_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
