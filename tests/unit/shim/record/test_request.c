/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/record/request.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state UNUSED)
{
	static const struct request all[] = {
		{ REQUEST_STOP, SIGTERM, 10000 },
		{ REQUEST_STOP, SIGKILL, 0 },
		{ REQUEST_RESTART, SIGUSR1, -1 },
		{ REQUEST_RESTART, 64, INT64_MAX },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		char text[REQUEST_TEXT_MAX];
		struct request got = { 0 };

		assert_in_range(request_write(text, &all[i]), 1, sizeof(text) - 1);
		assert_int_equal(request_read(text, &got), 0);
		assert_int_equal(got.kind, all[i].kind);
		assert_int_equal(got.signal, all[i].signal);
		assert_int_equal(got.timeout_ms, all[i].timeout_ms);
	}
}

static void anything_else_is_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"",
		"\n",
		"stop\n",
		"stop 15\n",
		"stop 15 10",
		"stop 15 10 1\n",
		"none 15 10\n",
		"stop 0 10\n",
		"stop 65 10\n",
		"stop 15 -2\n",
		"stop  15 10\n",
		"stop 15 10\nx",
		"pause 15 10\n",
		"stop TERM 10\n",
		"stop 15 10 \n",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct request got = { .signal = 7 };

		assert_int_equal(request_read(bad[i], &got), -EBADMSG);
		assert_int_equal(got.signal, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
