/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void waits_grow_up_to_a_limit_and_end(void **state UNUSED)
{
	static const int64_t want[] = { 250, 500, 1000, 2000, 4000, 8000, 8000, -1, -1 };
	struct retry r = { .max = 7 };

	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_int_equal(retry_next(&r, 0, 0), want[i]);
}

static void no_retries_means_none(void **state UNUSED)
{
	struct retry r = { .max = 0 };

	assert_int_equal(retry_next(&r, 0, 0), -1);
}

static void progress_starts_the_count_anew(void **state UNUSED)
{
	struct retry r = { .max = 2 };

	assert_int_equal(retry_next(&r, 0, 0), 250);
	assert_int_equal(retry_next(&r, RETRY_PROGRESS_MIN - 1, 0), 500);
	assert_int_equal(retry_next(&r, 2 * RETRY_PROGRESS_MIN - 1, 0), 250);
	assert_int_equal(retry_next(&r, 2 * RETRY_PROGRESS_MIN, 0), 500);
	assert_int_equal(retry_next(&r, 2 * RETRY_PROGRESS_MIN, 0), -1);
}

static void what_comes_a_second_time_is_no_progress(void **state UNUSED)
{
	struct retry r = { .max = 3 };

	assert_int_equal(retry_next(&r, 9 * RETRY_PROGRESS_MIN, 0), 250);
	assert_int_equal(retry_next(&r, 0, 0), 500);
	assert_int_equal(retry_next(&r, 9 * RETRY_PROGRESS_MIN, 0), 1000);
	assert_int_equal(retry_next(&r, 0, 0), -1);
}

static void a_server_may_ask_for_more_time_but_not_for_ever(void **state UNUSED)
{
	struct retry r = { .max = 9 };

	assert_int_equal(retry_next(&r, 0, 3), 3000);
	assert_int_equal(retry_next(&r, 0, RETRY_AFTER_MAX_S), RETRY_AFTER_MAX_S * 1000);
	assert_int_equal(retry_next(&r, 0, RETRY_AFTER_MAX_S + 1), -1);
	assert_int_equal(retry_next(&r, 0, INT64_MAX), -1);
}

static void only_passing_statuses_are_tried_again(void **state UNUSED)
{
	assert_true(retry_status(429));
	assert_true(retry_status(503));
	assert_false(retry_status(200));
	assert_false(retry_status(404));
	assert_false(retry_status(401));
	assert_false(retry_status(501));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_grow_up_to_a_limit_and_end),
		cmocka_unit_test(no_retries_means_none),
		cmocka_unit_test(progress_starts_the_count_anew),
		cmocka_unit_test(what_comes_a_second_time_is_no_progress),
		cmocka_unit_test(a_server_may_ask_for_more_time_but_not_for_ever),
		cmocka_unit_test(only_passing_statuses_are_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
