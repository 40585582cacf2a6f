/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/sig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void parses(const char *text, int want)
{
	int got = -1;

	assert_int_equal(sig_parse(text, &got, NULL), 0);
	assert_int_equal(got, want);
}

static void names_are_taken_with_and_without_prefix_in_any_case(void **state UNUSED)
{
	parses("KILL", SIGKILL);
	parses("SIGKILL", SIGKILL);
	parses("sigterm", SIGTERM);
	parses("Usr1", SIGUSR1);
	parses("SIGCLD", SIGCHLD);
	parses("IOT", SIGABRT);
	parses("poll", SIGIO);
}

static void numbers_are_taken(void **state UNUSED)
{
	parses("9", SIGKILL);
	parses("1", SIGHUP);
	parses("37", 37);
	parses("64", 64);
}

static void realtime_signals_count_from_both_ends(void **state UNUSED)
{
	parses("RTMIN", SIGRTMIN);
	parses("SIGRTMIN+3", SIGRTMIN + 3);
	parses("rtmax-2", SIGRTMAX - 2);
	parses("RTMAX", SIGRTMAX);
}

static void anything_else_is_refused_by_name(void **state UNUSED)
{
	static const char *const bad[] = { "",        "0",       "65",
					   "-9",      "9x",      "+9",
					   "KILLER",  "SIG",     "SIGSIGKILL",
					   "RTMIN+",  "RTMIN-1", "RTMIN+99",
					   "RTMAX+1", " 9",      "99999999999999999999" };
	struct err e = { 0 };
	int got = 77;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (sig_parse(bad[i], &got, &e) != -EINVAL)
			fail_msg("'%s' was taken for %d", bad[i], got);
	assert_int_equal(got, 77);
	assert_int_equal(sig_parse("FOO", &got, &e), -EINVAL);
	assert_string_equal(e.msg, "unknown signal 'FOO'");
}

static void every_signal_has_a_name_that_parses_back(void **state UNUSED)
{
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		const char *name = sig_name(sig);

		if (sig == 32 || sig == 33) { /* the C library's own */
			assert_null(name);
			continue;
		}
		assert_non_null(name);
		parses(name, sig);
	}
	assert_string_equal(sig_name(SIGRTMIN + 3), "SIGRTMIN+3");
	assert_null(sig_name(0));
	assert_null(sig_name(65));
	assert_null(sig_name(-1));
}

static void a_reset_leaves_no_handler_and_no_mask(void **state UNUSED)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct sigaction now;
		sigset_t mask;

		(void)sigfillset(&mask);
		(void)sigprocmask(SIG_SETMASK, &mask, NULL);
		(void)signal(SIGPIPE, SIG_IGN);
		sig_reset_all();
		(void)sigaction(SIGPIPE, NULL, &now);
		(void)sigprocmask(SIG_SETMASK, NULL, &mask);
		_exit(now.sa_handler == SIG_DFL && sigisemptyset(&mask) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_taken_with_and_without_prefix_in_any_case),
		cmocka_unit_test(numbers_are_taken),
		cmocka_unit_test(realtime_signals_count_from_both_ends),
		cmocka_unit_test(anything_else_is_refused_by_name),
		cmocka_unit_test(every_signal_has_a_name_that_parses_back),
		cmocka_unit_test(a_reset_leaves_no_handler_and_no_mask),
	};

	return cmocka_run_group_tests_name("sig", tests, NULL, NULL);
}
