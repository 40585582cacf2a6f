/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu/log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void excerpt(const char *log, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };

	criu_log_excerpt(log, strlen(log), &out);
	assert_string_equal(strbuf_str(&out), want);
}

static void the_errors_are_quoted_without_their_marks(void **state UNUSED)
{
	excerpt("(00.1) Dumping\n"
		"(00.2) Warn  (criu/x.c:1): odd\n"
		"(00.3)    206: Error (criu/files-reg.c:1710): Can't lookup mount=23\n"
		"(00.4) Error (criu/cr-dump.c:1635): Dump files failed with -1\n"
		"(00.5) Error (criu/cr-dump.c:2053): Dumping FAILED.\n",
		"Can't lookup mount=23; Dump files failed with -1");
}

static void of_many_the_last_three_are_kept(void **state UNUSED)
{
	excerpt("Error (a): 1\nError (a): 2\nError (a): 3\nError (a): 3\nError (a): 4", "2; 3; 4");
}

static void a_log_without_errors_says_nothing(void **state UNUSED)
{
	excerpt("", "");
	excerpt("(00.1) Error\nError (\nError (x)\nError (x): \n", "");
	excerpt("(00.5) Error (criu/cr-restore.c:2): Restoring FAILED.\n", "");
}

static void a_reason_that_criu_does_not_mark_is_quoted(void **state UNUSED)
{
	excerpt("(00.1) Can't connect to server 127.0.0.1:9\n"
		"(00.2) Error (compel/x.c:1): Unable to detach from 7: No such process\n",
		"Can't connect to server 127.0.0.1:9; Unable to detach from 7: No such process");
}

static void control_characters_stay_behind(void **state UNUSED)
{
	excerpt("Error (a): \x1b[31mred\x7f\tname", "?[31mred??name");
}

static void a_long_line_is_cut(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 }, line = { 0 };

	strbuf_adds(&line, "Error (a): ");
	for (int i = 0; i < 1000; i++)
		strbuf_addc(&line, 'x');
	criu_log_excerpt(line.data, line.len, &out);
	assert_int_equal(out.len, 113);
	assert_string_equal(out.data + 108, "xx...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_errors_are_quoted_without_their_marks),
		cmocka_unit_test(of_many_the_last_three_are_kept),
		cmocka_unit_test(a_log_without_errors_says_nothing),
		cmocka_unit_test(a_reason_that_criu_does_not_mark_is_quoted),
		cmocka_unit_test(control_characters_stay_behind),
		cmocka_unit_test(a_long_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
