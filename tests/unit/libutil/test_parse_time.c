/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct row {
	const char *text;
	int64_t sec;
	long ns;
};

static void times_of_rfc_3339_are_read(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "1970-01-01T00:00:00Z", 0, 0 },
		{ "2026-01-02T03:04:05Z", 1767323045, 0 },
		{ "2026-01-02t03:04:05z", 1767323045, 0 },
		{ "2026-01-02 03:04:05Z", 1767323045, 0 },
		{ "2026-01-02T03:04:05.5Z", 1767323045, 500000000 },
		{ "2026-01-02T03:04:05.000000006Z", 1767323045, 6 },
		{ "2026-01-02T03:04:05.1234567891Z", 1767323045, 123456789 },
		{ "2026-01-02T04:34:05+01:30", 1767323045, 0 },
		{ "2026-01-01T22:04:05-05:00", 1767323045, 0 },
		{ "1969-12-31T23:59:59Z", -1, 0 },
		{ "2000-02-29T00:00:00Z", 951782400, 0 },
		{ "2016-12-31T23:59:60Z", 1483228800, 0 },
		{ "0000-01-01T00:00:00Z", -62167219200, 0 },
		{ "9999-12-31T23:59:59Z", 253402300799, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct timespec t = { 0 };

		assert_int_equal(parse_time(rows[i].text, &t), 0);
		assert_true(t.tv_sec == rows[i].sec && t.tv_nsec == rows[i].ns);
	}
}

static void other_texts_are_no_time(void **state UNUSED)
{
	static const char *const bad[] = {
		"",
		"2026-01-02",
		"2026-01-02T03:04:05",
		"2026-01-02T03:04Z",
		"26-01-02T03:04:05Z",
		"2026-1-02T03:04:05Z",
		" 2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05Z ",
		"2026-01-02T03:04:05.Z",
		"2026-01-02T03:04:05+0100",
		"2026-01-02T03:04:05+01:00:00",
		"2026-01-02T03:04:05+24:00",
		"-026-01-02T03:04:05Z",
	};
	static const char *const impossible[] = {
		"2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
	};
	struct timespec t = { 7, 8 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse_time(bad[i], &t), -EINVAL);
	for (size_t i = 0; i < ARRAY_LEN(impossible); i++)
		assert_int_equal(parse_time(impossible[i], &t), -ERANGE);
	assert_true(t.tv_sec == 7 && t.tv_nsec == 8);
}

static void a_time_is_written_in_utc_with_nanoseconds(void **state UNUSED)
{
	char buf[TIME_TEXT_SIZE];

	assert_string_equal(time_text((struct timespec){ 1767323045, 6 }, buf),
			    "2026-01-02T03:04:05.000000006Z");
	assert_string_equal(time_text((struct timespec){ -1, 999999999 }, buf),
			    "1969-12-31T23:59:59.999999999Z");
	assert_string_equal(time_text((struct timespec){ INT64_MAX, 0 }, buf),
			    "9999-12-31T23:59:59.000000000Z");
	assert_string_equal(time_text((struct timespec){ INT64_MIN, 0 }, buf),
			    "0000-01-01T00:00:00.000000000Z");
}

/* The C library counts days in its own way; both must agree over four centuries. */
static void every_day_agrees_with_the_c_library(void **state UNUSED)
{
	for (int64_t sec = -2208988800; sec < 10413792000; sec += 86399) {
		time_t now = (time_t)sec;
		char ours[TIME_TEXT_SIZE], theirs[TIME_TEXT_SIZE];
		struct timespec back = { 0 };
		struct tm tm;

		assert_non_null(gmtime_r(&now, &tm));
		assert_true(strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S.000000000Z", &tm));
		assert_string_equal(time_text((struct timespec){ now, 0 }, ours), theirs);
		assert_int_equal(parse_time(ours, &back), 0);
		assert_true(back.tv_sec == now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_rfc_3339_are_read),
		cmocka_unit_test(other_texts_are_no_time),
		cmocka_unit_test(a_time_is_written_in_utc_with_nanoseconds),
		cmocka_unit_test(every_day_agrees_with_the_c_library),
	};

	return cmocka_run_group_tests_name("parse_time", tests, NULL, NULL);
}
