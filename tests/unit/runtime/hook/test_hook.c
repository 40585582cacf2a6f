/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/hook/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/file.h"

static const struct oci_state web = {
	.oci_version = "1.3.0", .id = "web", .status = OCI_STATUS_PAUSED, .bundle = "/b/web"
};

/* One shell hook that runs `script`. */
struct shell {
	const char *args[4];
	struct spec_hook hook;
	struct spec_hooks hooks;
};

static void shell_init(struct shell *s, const char *script)
{
	*s = (struct shell){ .args = { "sh", "-c", script, NULL } };
	s->hook = (struct spec_hook){ .path = "/bin/sh", .args = { .items = s->args, .n = 3 } };
	s->hooks.prestart = (struct oci_array){ .items = &s->hook, .n = 1 };
	s->hooks.poststop = s->hooks.prestart;
	s->hooks.start_container = s->hooks.prestart;
}

static int run(struct shell *s, enum hook_kind kind, struct err *e)
{
	struct hook_call call = { .state = &web, .pid = 42 };

	return hook_run(&s->hooks, kind, &call, e);
}

static void document_is(enum hook_kind kind, pid_t pid, const char *want)
{
	auto_(strbuf) struct strbuf doc = { 0 };

	hook_state_document(kind, &web, pid, &doc);
	assert_string_equal(strbuf_str(&doc), want);
}

static void each_kind_reads_the_status_of_its_moment(void **state UNUSED)
{
	document_is(
		HOOK_PRESTART, 42,
		"{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":42,\"status\":\"creating\",\"bundle\":\"/b/web\"}");
	document_is(
		HOOK_CREATE_RUNTIME, 42,
		"{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":42,\"status\":\"creating\",\"bundle\":\"/b/web\"}");
	document_is(
		HOOK_CREATE_CONTAINER, 1,
		"{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":1,\"status\":\"creating\",\"bundle\":\"/b/web\"}");
	document_is(
		HOOK_START_CONTAINER, 1,
		"{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":1,\"status\":\"created\",\"bundle\":\"/b/web\"}");
	document_is(
		HOOK_POSTSTART, 42,
		"{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":42,\"status\":\"running\",\"bundle\":\"/b/web\"}");
	document_is(
		HOOK_POSTSTOP, 0,
		"{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"status\":\"stopped\",\"bundle\":\"/b/web\"}");
}

static void a_hook_reads_the_state_and_nothing_but_its_own_environment(void **state UNUSED)
{
	const char *env[] = { "OUT=test-hook.out", NULL };
	autofree char *text = NULL;
	struct shell s;

	shell_init(&s, "{ cat; echo; echo ${HOME-none}; } > $OUT");
	s.hook.env = (struct oci_strings){ .items = env, .n = 1 };
	assert_int_equal(run(&s, HOOK_PRESTART, NULL), 0);
	assert_int_equal(file_read_at(AT_FDCWD, "test-hook.out", 4096, &text, NULL, NULL), 0);
	(void)unlink("test-hook.out");
	assert_string_equal(
		text, "{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":42,\"status\":\"creating\","
		      "\"bundle\":\"/b/web\"}\nnone\n");
}

static void a_failing_hook_is_named_with_its_last_words(void **state UNUSED)
{
	struct err e = { 0 };
	struct shell s;

	shell_init(&s, "echo no such network >&2; exit 3");
	assert_int_equal(run(&s, HOOK_PRESTART, &e), -ECANCELED);
	assert_string_equal(e.msg,
			    "prestart hook 0: '/bin/sh' exited with status 3: no such network");
}

static void a_hook_that_takes_too_long_is_killed(void **state UNUSED)
{
	struct err e = { 0 };
	struct shell s;

	shell_init(&s, "sleep 60");
	s.hook.timeout = (struct opt_i64){ .set = true, .v = 1 };
	assert_int_equal(run(&s, HOOK_PRESTART, &e), -ETIMEDOUT);
	assert_string_equal(e.msg,
			    "prestart hook 0: '/bin/sh' was killed after its timeout of 1 s");
}

static void a_hook_that_reads_nothing_is_fine(void **state UNUSED)
{
	struct shell s;

	shell_init(&s, "exec true <&-");
	assert_int_equal(run(&s, HOOK_PRESTART, NULL), 0);
}

static void a_missing_program_is_an_error(void **state UNUSED)
{
	struct err e = { 0 };
	struct shell s;

	shell_init(&s, "");
	s.hook.path = "/no/such/hook";
	assert_int_equal(run(&s, HOOK_PRESTART, &e), -ENOENT);
	assert_non_null(strstr(e.msg, "/no/such/hook"));
}

static void failing_poststop_hooks_are_no_failure(void **state UNUSED)
{
	struct shell s;

	shell_init(&s, "exit 1");
	assert_int_equal(run(&s, HOOK_POSTSTOP, NULL), 0);
}

static void a_start_container_hook_without_env_gets_the_process_s(void **state UNUSED)
{
	const char *env[] = { "WANT=yes", NULL };
	const struct oci_strings list = { .items = env, .n = 1 };
	struct hook_call call = { .state = &web, .pid = 1, .env = &list };
	struct shell s;

	shell_init(&s, "test \"$WANT\" = yes");
	assert_int_equal(hook_run(&s.hooks, HOOK_START_CONTAINER, &call, NULL), 0);
}

static void kinds_without_hooks_are_told_apart(void **state UNUSED)
{
	struct shell s;

	shell_init(&s, "");
	assert_true(hook_any(&s.hooks, HOOK_PRESTART));
	assert_false(hook_any(&s.hooks, HOOK_POSTSTART));
	assert_false(hook_any(NULL, HOOK_PRESTART));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_reads_the_status_of_its_moment),
		cmocka_unit_test(a_hook_reads_the_state_and_nothing_but_its_own_environment),
		cmocka_unit_test(a_failing_hook_is_named_with_its_last_words),
		cmocka_unit_test(a_hook_that_takes_too_long_is_killed),
		cmocka_unit_test(a_hook_that_reads_nothing_is_fine),
		cmocka_unit_test(a_missing_program_is_an_error),
		cmocka_unit_test(failing_poststop_hooks_are_no_failure),
		cmocka_unit_test(a_start_container_hook_without_env_gets_the_process_s),
		cmocka_unit_test(kinds_without_hooks_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
