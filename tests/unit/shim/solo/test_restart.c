/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/solo/restart.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/macro.h"

static struct restart_policy policy(const char *text)
{
	struct restart_policy p = { 0 };

	assert_int_equal(restart_parse(text, &p, NULL), 0);
	return p;
}

static int64_t after(const char *text, struct restart_history *h, int code, int64_t ran_ms)
{
	struct restart_policy p = policy(text);

	return restart_decide(&p, h, &(struct restart_end){ .code = code, .ran_ms = ran_ms });
}

static void policies_are_dockers_words(void **state UNUSED)
{
	assert_int_equal(policy("no").kind, RESTART_NO);
	assert_int_equal(policy("always").kind, RESTART_ALWAYS);
	assert_int_equal(policy("unless-stopped").kind, RESTART_UNLESS_STOPPED);
	assert_int_equal(policy("on-failure").kind, RESTART_ON_FAILURE);
	assert_int_equal(policy("on-failure").max, 0);
	assert_int_equal(policy("on-failure:5").max, 5);
}

static void other_words_are_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"",         "never", "on-failure:", "on-failure:x",  "on-failure:-1",
		"always:3", "no:1",  "Always",      "on-failure:1:2"
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct restart_policy p = { .max = 7 };
		struct err e = { 0 };

		assert_int_equal(restart_parse(bad[i], &p, &e), -EINVAL);
		assert_int_equal(p.max, 7);
		assert_non_null(strstr(e.msg, "not one of no, on-failure[:N], always, "
					      "unless-stopped"));
	}
}

static void no_means_once(void **state UNUSED)
{
	struct restart_history h = { 0 };

	assert_int_equal(after("no", &h, 1, 0), RESTART_NEVER);
	assert_int_equal(h.count, 0);
}

static void success_is_no_failure(void **state UNUSED)
{
	struct restart_history h = { 0 };

	assert_int_equal(after("on-failure", &h, 0, 0), RESTART_NEVER);
	assert_int_equal(after("on-failure", &h, 137, 0), 100);
	assert_int_equal(after("always", &h, 0, 0), 200);
	assert_int_equal(after("unless-stopped", &h, 0, 0), 400);
	assert_int_equal(h.count, 3);
}

static void failures_are_counted(void **state UNUSED)
{
	struct restart_history h = { 0 };

	assert_int_equal(after("on-failure:2", &h, 1, 0), 100);
	assert_int_equal(after("on-failure:2", &h, 1, 0), 200);
	assert_int_equal(after("on-failure:2", &h, 1, 0), RESTART_NEVER);
	assert_int_equal(h.count, 2);
}

static void waiting_doubles_to_a_minute(void **state UNUSED)
{
	static const int64_t want[] = { 100,  200,   400,   800,   1600,  3200,
					6400, 12800, 25600, 51200, 60000, 60000 };
	struct restart_history h = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_int_equal(after("always", &h, 1, 9999), want[i]);
}

static void ten_seconds_of_life_are_forgiven(void **state UNUSED)
{
	struct restart_history h = { .count = 7, .delay_ms = 25600 };

	assert_int_equal(after("always", &h, 1, 10000), 100);
	assert_int_equal(h.count, 8);
	assert_int_equal(after("always", &h, 1, 0), 200);
}

static void what_was_stopped_stays_stopped(void **state UNUSED)
{
	static const char *const all[] = { "no", "on-failure", "always", "unless-stopped" };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct restart_policy p = policy(all[i]);
		struct restart_history h = { 0 };
		struct restart_end end = { .code = 143, .stopped = true };

		assert_int_equal(restart_decide(&p, &h, &end), RESTART_NEVER);
		assert_int_equal(h.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_are_dockers_words),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(no_means_once),
		cmocka_unit_test(success_is_no_failure),
		cmocka_unit_test(failures_are_counted),
		cmocka_unit_test(waiting_doubles_to_a_minute),
		cmocka_unit_test(ten_seconds_of_life_are_forgiven),
		cmocka_unit_test(what_was_stopped_stays_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
