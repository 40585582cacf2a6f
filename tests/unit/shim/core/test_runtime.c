/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/core/runtime.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *args[] = { "--rootless=no", NULL };
static const char *more[] = { "--tcp-established", NULL };

static struct runtime runtime(void)
{
	return (struct runtime){
		.path = "/bin/rt",
		.root = "/r",
		.log = "/s/log",
		.args = { .items = args, .n = 1 },
	};
}

static void check_argv(const struct runtime *rt, enum runtime_verb verb, struct runtime_ask ask,
		       const char *want)
{
	auto_(strv) struct strv argv = { 0 };
	autofree char *got = NULL;

	ask.id = "web";
	runtime_argv(&argv, rt, verb, &ask);
	got = strv_join(&argv, " ");
	assert_string_equal(got, want);
}

#define HEAD "/bin/rt --root /r --log /s/log --log-format json --rootless=no "

static void each_verb_has_its_command_line(void **state UNUSED)
{
	/* What a verb has no use for is not said. */
	struct runtime_ask ask = {
		.bundle = "/b",
		.pid_file = "/s/pid",
		.process = "/s/p.json",
		.image_path = "/i",
		.work_path = "/w",
		.parent_path = "../p",
		.resources = "/s/r.json",
		.signal = 15,
		.all = true,
		.force = true,
	};
	struct runtime rt = runtime();

	check_argv(&rt, RUNTIME_CREATE, ask, HEAD "create --bundle /b --pid-file /s/pid web");
	check_argv(&rt, RUNTIME_START, ask, HEAD "start web");
	check_argv(&rt, RUNTIME_EXEC, ask,
		   HEAD "exec --pid-file /s/pid --process /s/p.json --detach web");
	check_argv(&rt, RUNTIME_RESTORE, ask,
		   HEAD "restore --bundle /b --pid-file /s/pid --detach --image-path /i "
			"--work-path /w web");
	check_argv(&rt, RUNTIME_KILL, ask, HEAD "kill --all web 15");
	check_argv(&rt, RUNTIME_PAUSE, ask, HEAD "pause web");
	check_argv(&rt, RUNTIME_RESUME, ask, HEAD "resume web");
	check_argv(&rt, RUNTIME_UPDATE, ask, HEAD "update --resources /s/r.json web");
	check_argv(&rt, RUNTIME_CHECKPOINT, ask,
		   HEAD "checkpoint --image-path /i --work-path /w --parent-path ../p web");
	check_argv(&rt, RUNTIME_DELETE, ask, HEAD "delete --force web");
	ask.force = ask.all = false;
	check_argv(&rt, RUNTIME_DELETE, ask, HEAD "delete web");
	check_argv(&rt, RUNTIME_KILL, ask, HEAD "kill web 15");
}

static void a_terminal_and_further_options_come_last(void **state UNUSED)
{
	struct runtime rt = runtime();
	struct runtime_ask ask = {
		.bundle = "/b",
		.console = "/proc/9/fd/5/console",
		.more = { .items = more, .n = 1 },
	};

	rt.opts = (struct oci_strings){ .items = args, .n = 1 };
	check_argv(&rt, RUNTIME_CREATE, ask,
		   HEAD "create --bundle /b --console-socket /proc/9/fd/5/console --rootless=no "
			"--tcp-established web");
	check_argv(&rt, RUNTIME_START, ask, HEAD "start --tcp-established web");
}

static void what_holds_for_every_call_is_said_where_it_counts(void **state UNUSED)
{
	struct runtime rt = {
		.path = "rt",
		.systemd_cgroup = true,
		.no_pivot = true,
		.no_new_keyring = true,
	};

	check_argv(&rt, RUNTIME_CREATE, (struct runtime_ask){ 0 },
		   "rt --systemd-cgroup create --no-pivot --no-new-keyring web");
	check_argv(&rt, RUNTIME_START, (struct runtime_ask){ 0 }, "rt --systemd-cgroup start web");
}

static void some_verbs_leave_a_process_behind(void **state UNUSED)
{
	assert_true(runtime_verb_makes(RUNTIME_CREATE));
	assert_true(runtime_verb_makes(RUNTIME_EXEC));
	assert_true(runtime_verb_makes(RUNTIME_RESTORE));
	assert_false(runtime_verb_makes(RUNTIME_START));
	assert_false(runtime_verb_makes(RUNTIME_DELETE));
}

static void check_reason(const char *log, const char *output, const char *want)
{
	struct err e = { 0 };

	assert_int_equal(runtime_reason(log, output, 1 << 8, &e), -EREMOTEIO);
	assert_string_equal(e.msg, want);
}

static void the_last_error_of_the_log_is_the_reason(void **state UNUSED)
{
	check_reason("{\"level\":\"error\",\"msg\":\"first\",\"time\":\"t\"}\n"
		     "{\"level\":\"error\",\"msg\":\"no such file\",\"time\":\"t\"}\n"
		     "{\"level\":\"debug\",\"msg\":\"later\",\"time\":\"t\"}\n",
		     "something\n", "no such file");
}

static void without_one_it_is_the_last_line_of_output(void **state UNUSED)
{
	check_reason("{\"level\":\"info\",\"msg\":\"x\"}\nnot json\n", "usage:\nwrong flag\r\n\n",
		     "wrong flag");
}

static void without_either_it_is_the_status(void **state UNUSED)
{
	check_reason("", "", "exited with status 1");
	check_reason("{\"level\":\"error\"}\n[1]\n{}\n", "\n\n", "exited with status 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_verb_has_its_command_line),
		cmocka_unit_test(a_terminal_and_further_options_come_last),
		cmocka_unit_test(what_holds_for_every_call_is_said_where_it_counts),
		cmocka_unit_test(some_verbs_leave_a_process_behind),
		cmocka_unit_test(the_last_error_of_the_log_is_the_reason),
		cmocka_unit_test(without_one_it_is_the_last_line_of_output),
		cmocka_unit_test(without_either_it_is_the_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
