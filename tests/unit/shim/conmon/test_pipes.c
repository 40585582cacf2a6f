/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/pipes.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void check(bool api, bool exec, int64_t value, const char *message, const char *want)
{
	struct conmon_opts o = { .api = api, .exec = exec };
	auto_(strbuf) struct strbuf line = { 0 };

	pipes_line(&line, &o, value, message);
	assert_string_equal(strbuf_str(&line), want);
}

static void the_key_is_what_the_caller_expects(void **state UNUSED)
{
	check(true, false, 1234, NULL, "{\"data\": 1234}\n");
	check(true, true, 0, NULL, "{\"data\": 0}\n");
	check(false, false, 1234, NULL, "{\"pid\": 1234}\n");
	check(false, true, -1, "command timed out",
	      "{\"exit_code\": -1, \"message\": \"command timed out\"}\n");
}

static void a_message_stays_one_line_of_json(void **state UNUSED)
{
	check(true, false, -1, "a \"b\"\nc\\",
	      "{\"data\": -1, \"message\": \"a \\\"b\\\"\\nc\\\\\"}\n");
	check(true, false, -1, "", "{\"data\": -1}\n");
	check(true, false, -1, "\xff", "{\"data\": -1, \"message\": \"\xef\xbf\xbd\"}\n");
}

static void a_caller_that_went_away_is_told_nothing(void **state UNUSED)
{
	struct conmon_opts o = { .api = 1 };
	int p[2];

	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(p), 0);
	(void)close(p[0]);
	pipes_tell(&p[1], &o, 1, NULL);
	assert_int_equal(p[1], -1);
	pipes_tell(&p[1], &o, 1, NULL);
}

static void descriptors_come_by_the_environment(void **state UNUSED)
{
	struct conmon_opts o = { .api = 1 };
	struct err e = { 0 };
	struct pipes pipes;
	char number[16];
	int p[2];

	assert_int_equal(pipe(p), 0);
	(void)snprintf(number, sizeof(number), "%d", p[1]);
	(void)unsetenv("_OCI_STARTPIPE");
	(void)setenv("_OCI_SYNCPIPE", number, 1);
	assert_int_equal(pipes_init(&pipes, &o, &e), 0);
	assert_int_equal(pipes.syncfd, p[1]);
	assert_int_equal(pipes.startfd, -1);
	assert_true(fcntl(p[1], F_GETFD) & FD_CLOEXEC);
	pipes_done(&pipes);
	(void)close(p[0]);

	(void)setenv("_OCI_SYNCPIPE", "three", 1);
	assert_true(pipes_init(&pipes, &o, &e) < 0);
	assert_string_equal(e.msg, "_OCI_SYNCPIPE: 'three' is no descriptor");
	(void)setenv("_OCI_SYNCPIPE", "987", 1);
	assert_true(pipes_init(&pipes, &o, &e) < 0);
	(void)unsetenv("_OCI_SYNCPIPE");
	o.exec_attach = true;
	assert_true(pipes_init(&pipes, &o, &e) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_is_what_the_caller_expects),
		cmocka_unit_test(a_message_stays_one_line_of_json),
		cmocka_unit_test(a_caller_that_went_away_is_told_nothing),
		cmocka_unit_test(descriptors_come_by_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
