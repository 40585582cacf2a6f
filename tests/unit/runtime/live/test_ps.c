/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/ps.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const pid_t pids[] = { 12, 345 };

static void processes_as_json_are_numbers(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };

	ps_json(pids, 2, &out);
	assert_string_equal(strbuf_str(&out), "[12,345]");
}

static void no_processes_are_an_empty_array(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };

	ps_json(NULL, 0, &out);
	assert_string_equal(strbuf_str(&out), "[]");
}

static void only_lines_of_the_container_and_the_header_stay(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(
		ps_filter("UID   PID  PPID CMD\nroot   12     1 sh 345\nroot  345    12 sleep\n"
			  "root 1234    12 ps\nroot    1    12 init\n",
			  pids, 2, &out, NULL),
		0);
	assert_string_equal(strbuf_str(&out),
			    "UID   PID  PPID CMD\nroot   12     1 sh 345\nroot  345    12 sleep\n");
}

static void the_column_is_found_by_its_name_alone(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(ps_filter("PPID PID\n12 9\n1 12", pids, 2, &out, NULL), 0);
	assert_string_equal(strbuf_str(&out), "PPID PID\n1 12\n");
}

static void a_table_without_the_column_is_refused(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };

	assert_int_equal(ps_filter("TTY CMD\ntty1 12\n", pids, 2, &out, &e), -EINVAL);
	assert_string_equal(e.msg, "the output of ps has no column PID: choose other ps options");
	assert_int_equal(ps_filter("", pids, 2, &out, &e), -EINVAL);
}

static void what_a_process_calls_itself_reaches_no_terminal(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(ps_filter("PID CMD\n12 a\033]0;b\007\n", pids, 2, &out, NULL), 0);
	assert_string_equal(strbuf_str(&out), "PID CMD\n12 a\\x1b]0;b\\x07\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_as_json_are_numbers),
		cmocka_unit_test(no_processes_are_an_empty_array),
		cmocka_unit_test(only_lines_of_the_container_and_the_header_stay),
		cmocka_unit_test(the_column_is_found_by_its_name_alone),
		cmocka_unit_test(a_table_without_the_column_is_refused),
		cmocka_unit_test(what_a_process_calls_itself_reaches_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
