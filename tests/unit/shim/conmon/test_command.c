/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const struct conmon_opts *o, const char *console, const char *want)
{
	auto_(strv) struct strv argv = { 0 };
	autofree char *line = NULL;

	conmon_command(&argv, o, console);
	line = strv_join(&argv, " ");
	assert_string_equal(line, want);
}

static struct conmon_opts options(void)
{
	struct conmon_opts o;

	conmon_opts_defaults(&o);
	o.runtime = "/rt";
	o.cid = "ID";
	o.bundle = "/b";
	o.pid_file = "/p";
	strv_add(&o.runtime_args, "--root=/r");
	strv_add(&o.runtime_opts, "--preserve-fds");
	strv_add(&o.runtime_opts, "2");
	return o;
}

static void create_has_the_callers_words_around_its_own(void **state UNUSED)
{
	struct conmon_opts o = options();

	o.systemd_cgroup = true;
	o.no_pivot = true;
	o.no_new_keyring = true;
	check(&o, "/c",
	      "/rt --systemd-cgroup --root=/r create --bundle /b --pid-file /p --no-pivot "
	      "--no-new-keyring --preserve-fds 2 --console-socket /c ID");
	conmon_opts_done(&o);
}

static void exec_detaches_and_knows_no_cgroup_driver(void **state UNUSED)
{
	struct conmon_opts o = options();

	o.systemd_cgroup = true;
	o.exec = true;
	o.exec_process_spec = "/s";
	check(&o, NULL,
	      "/rt --root=/r exec --pid-file /p --process /s --detach --preserve-fds 2 ID");
	conmon_opts_done(&o);
}

static void restore_works_in_the_bundle(void **state UNUSED)
{
	struct conmon_opts o = options();

	o.restore = "/i";
	check(&o, NULL,
	      "/rt --root=/r restore --bundle /b --pid-file /p --detach --image-path /i "
	      "--work-path /b --preserve-fds 2 ID");
	conmon_opts_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_has_the_callers_words_around_its_own),
		cmocka_unit_test(exec_detaches_and_knows_no_cgroup_driver),
		cmocka_unit_test(restore_works_in_the_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
