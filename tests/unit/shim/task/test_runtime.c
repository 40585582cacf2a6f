/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/task/runtime.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *args[] = { "--systemd-cgroup", NULL };

static struct record record(void)
{
	return (struct record){
		.id = "web",
		.bundle = "/b",
		.runtime = "/bin/rt",
		.root = "/r",
		.runtime_args = { .items = args, .n = 1 },
	};
}

static void check_argv(enum runtime_call call, const struct record *rec, const char *console,
		       const char *want)
{
	auto_(strv) struct strv argv = { 0 };
	autofree char *got = NULL;

	runtime_argv(&argv, call, rec, "/s/web", console);
	got = strv_join(&argv, " ");
	assert_string_equal(got, want);
}

#define HEAD "/bin/rt --root /r --log /s/web/runtime.log --log-format json --systemd-cgroup "

static void each_call_has_its_command_line(void **state UNUSED)
{
	struct record rec = record();

	check_argv(RUNTIME_CREATE, &rec, NULL, HEAD "create --bundle /b --pid-file /s/web/pid web");
	check_argv(RUNTIME_CREATE, &rec, "/proc/9/fd/5/console",
		   HEAD "create --bundle /b --pid-file /s/web/pid --console-socket "
			"/proc/9/fd/5/console web");
	check_argv(RUNTIME_START, &rec, NULL, HEAD "start web");
	check_argv(RUNTIME_DELETE, &rec, NULL, HEAD "delete web");
	check_argv(RUNTIME_DELETE_FORCE, &rec, NULL, HEAD "delete --force web");
}

static void without_a_root_the_runtime_chooses(void **state UNUSED)
{
	struct record rec = record();

	rec.root = NULL;
	rec.runtime_args.n = 0;
	check_argv(RUNTIME_START, &rec, NULL,
		   "/bin/rt --log /s/web/runtime.log --log-format json start web");
}

static void check_failure(const char *log, const char *output, const char *want)
{
	struct err e = { 0 };

	assert_int_equal(runtime_failure(RUNTIME_CREATE, log, output, 1 << 8, &e), -EREMOTEIO);
	assert_string_equal(e.msg, want);
}

static void the_last_error_of_the_log_is_the_reason(void **state UNUSED)
{
	check_failure("{\"level\":\"error\",\"msg\":\"first\",\"time\":\"t\"}\n"
		      "{\"level\":\"error\",\"msg\":\"no such file\",\"time\":\"t\"}\n"
		      "{\"level\":\"debug\",\"msg\":\"later\",\"time\":\"t\"}\n",
		      "something\n", "create: no such file");
}

static void without_one_it_is_the_last_line_of_output(void **state UNUSED)
{
	check_failure("{\"level\":\"info\",\"msg\":\"x\"}\nnot json\n", "usage:\nwrong flag\r\n\n",
		      "create: wrong flag");
}

static void without_either_it_is_the_status(void **state UNUSED)
{
	check_failure("", "", "create: exited with status 1");
	check_failure("{\"level\":\"error\"}\n[1]\n{}\n", "\n\n", "create: exited with status 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_has_its_command_line),
		cmocka_unit_test(without_a_root_the_runtime_chooses),
		cmocka_unit_test(the_last_error_of_the_log_is_the_reason),
		cmocka_unit_test(without_one_it_is_the_last_line_of_output),
		cmocka_unit_test(without_either_it_is_the_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
