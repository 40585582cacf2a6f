/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/cgroup/oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_count_is_found_by_its_whole_key(void **state UNUSED)
{
	const char *v2 = "low 0\nhigh 1\nmax 7\noom 3\noom_kill 2\noom_group_kill 1\n";

	assert_int_equal(oom_count_in(v2, "oom"), 3);
	assert_int_equal(oom_count_in(v2, "oom_kill"), 2);
	assert_int_equal(oom_count_in(v2, "kill"), 0);
	assert_int_equal(oom_count_in("oom_kill_disable 1\nunder_oom 0\noom_kill 5", "oom_kill"),
			 5);
}

static void what_is_no_number_counts_nothing(void **state UNUSED)
{
	assert_int_equal(oom_count_in("oom \n", "oom"), 0);
	assert_int_equal(oom_count_in("oom -1\n", "oom"), 0);
	assert_int_equal(oom_count_in("", "oom"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_is_found_by_its_whole_key),
		cmocka_unit_test(what_is_no_number_counts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
