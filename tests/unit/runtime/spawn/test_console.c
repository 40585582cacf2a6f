/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Somebody has to hold the master end, and only one. */
static void a_terminal_and_its_listener_belong_together(void **state UNUSED)
{
	assert_int_equal(console_check(true, true, "/s", NULL), 0);
	assert_int_equal(console_check(true, false, NULL, NULL), 0);
	assert_int_equal(console_check(false, true, NULL, NULL), 0);
	assert_int_equal(console_check(false, false, NULL, NULL), 0);
	assert_true(console_check(true, true, NULL, NULL) < 0);
	assert_true(console_check(true, false, "/s", NULL) < 0);
	assert_true(console_check(false, true, "/s", NULL) < 0);
	assert_true(console_check(false, false, "/s", NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_terminal_and_its_listener_belong_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
