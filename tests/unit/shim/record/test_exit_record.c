/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/record/exit_record.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct timespec when = { .tv_sec = 1767323045, .tv_nsec = 6 };

static void encode_is(int status, const char *want)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct exit_record x, *back = NULL;
	struct err e = { 0 };

	exit_record_set(&x, status, when, &a);
	exit_record_encode(&x, &text);
	assert_string_equal(strbuf_str(&text), want);
	assert_int_equal(exit_record_decode(text.data, text.len, &a, &back, &e), 0);
	assert_int_equal(back->code.v, x.code.v);
	assert_string_equal(back->reason, x.reason);
	assert_string_equal(back->exited_at, x.exited_at);
}

static void a_status_is_recorded_with_reason_and_time(void **state UNUSED)
{
	encode_is(3 << 8, "{\"exitCode\":3,\"reason\":\"exited with status 3\","
			  "\"exitedAt\":\"2026-01-02T03:04:05.000000006Z\"}\n");
	encode_is(0, "{\"exitCode\":0,\"reason\":\"exited with status 0\","
		     "\"exitedAt\":\"2026-01-02T03:04:05.000000006Z\"}\n");
}

static void a_signal_counts_from_128_and_is_named(void **state UNUSED)
{
	encode_is(SIGKILL, "{\"exitCode\":137,\"reason\":\"killed by SIGKILL\","
			   "\"exitedAt\":\"2026-01-02T03:04:05.000000006Z\"}\n");
}

static void an_unknown_status_is_255_and_says_why(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct exit_record x;

	exit_record_set_unknown(&x, "was no child", when, &a);
	assert_int_equal(x.code.v, EXIT_CODE_UNKNOWN);
	assert_string_equal(x.reason, "was no child");
}

static void half_a_record_is_none(void **state UNUSED)
{
	static const char *const bad[] = {
		"",
		"{",
		"{}",
		"{\"exitCode\":3,\"reason\":\"r\"}",
		"{\"exitCode\":256,\"reason\":\"r\",\"exitedAt\":\"t\"}",
		"{\"exitCode\":-1,\"reason\":\"r\",\"exitedAt\":\"t\"}",
		"{\"exitCode\":\"3\",\"reason\":\"r\",\"exitedAt\":\"t\"}",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(arena) struct arena a = { 0 };
		struct exit_record *x = NULL;

		assert_true(exit_record_decode(bad[i], strlen(bad[i]), &a, &x, NULL) < 0);
		assert_null(x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_recorded_with_reason_and_time),
		cmocka_unit_test(a_signal_counts_from_128_and_is_named),
		cmocka_unit_test(an_unknown_status_is_255_and_says_why),
		cmocka_unit_test(half_a_record_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
