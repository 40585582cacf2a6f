/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/args.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/strv.h"
#include "shim/v2/main.h"

/* What was parsed points into the words, which last until the next. */
static struct strv words;

static int parse(const char *line, struct v2_args *ret, struct err *e)
{
	strv_done(&words);
	strv_split(&words, line, ' ', false);
	return v2_args_parse(strv_argv(&words), ret, e);
}

#define SHIM "/bin/containerd-shim-creel-v2 "

static void check_refused(const char *line, const char *why)
{
	struct v2_args a = { .id = "untouched" };
	struct err e = { 0 };

	assert_int_equal(parse(line, &a, &e), -EINVAL);
	assert_string_equal(e.msg, why);
	assert_string_equal(a.id, "untouched");
}

static void containerds_command_lines_are_read(void **state UNUSED)
{
	struct v2_args a = { 0 };

	assert_int_equal(
		parse(SHIM
		      "-namespace default -address /run/c.sock -publish-binary /usr/bin/containerd -id t -debug start",
		      &a, NULL),
		0);
	assert_int_equal(a.action, V2_START);
	assert_string_equal(a.program, "containerd-shim-creel-v2");
	assert_string_equal(a.namespace_name, "default");
	assert_string_equal(a.address, "/run/c.sock");
	assert_string_equal(a.publish_binary, "/usr/bin/containerd");
	assert_string_equal(a.id, "t");
	assert_true(a.debug);
	assert_int_equal(parse(SHIM "-namespace n -id t -bundle /b delete", &a, NULL), 0);
	assert_int_equal(a.action, V2_DELETE);
	assert_string_equal(a.bundle, "/b");
	assert_false(a.debug);
}

static void options_may_be_spelled_as_in_go(void **state UNUSED)
{
	struct v2_args a = { 0 };

	assert_int_equal(parse(SHIM "--namespace=n -id= --debug=false -socket /s -debug-socket=/d",
			       &a, NULL),
			 0);
	assert_int_equal(a.action, V2_SERVE);
	assert_string_equal(a.namespace_name, "n");
	assert_string_equal(a.id, "");
	assert_string_equal(a.socket, "/s");
	assert_false(a.debug);
}

static void questions_need_no_task(void **state UNUSED)
{
	struct v2_args a = { 0 };

	assert_int_equal(parse(SHIM "-v", &a, NULL), 0);
	assert_int_equal(a.action, V2_VERSION);
	assert_int_equal(parse(SHIM "-version", &a, NULL), 0);
	assert_int_equal(a.action, V2_VERSION);
	assert_int_equal(parse(SHIM "-info", &a, NULL), 0);
	assert_int_equal(a.action, V2_INFO);
	assert_int_equal(parse(SHIM "-h", &a, NULL), 0);
	assert_int_equal(a.action, V2_HELP);
}

static void what_is_missing_is_said(void **state UNUSED)
{
	check_refused(SHIM "-id t delete", "option '-namespace' is missing");
	check_refused(SHIM "-namespace n -id  delete", "option '-id' is missing");
	check_refused(SHIM "-namespace n stop",
		      "unknown action 'stop', use start or delete, or none to serve");
	check_refused(SHIM "-namespac n start",
		      "unknown option '-namespac', did you mean '--namespace'?");
}

static int forget_words(void **state UNUSED)
{
	strv_done(&words);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containerds_command_lines_are_read),
		cmocka_unit_test(options_may_be_spelled_as_in_go),
		cmocka_unit_test(questions_need_no_task),
		cmocka_unit_test(what_is_missing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, forget_words);
}
