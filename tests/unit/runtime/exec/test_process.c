/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/exec/process.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char base_text[] =
	"{\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":2},\"user\":{\"uid\":5,\"gid\":6,"
	"\"additionalGids\":[7]},\"args\":[\"init\"],\"env\":[\"A=1\"],\"cwd\":\"/srv\","
	"\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"inheritable\":[]},\"apparmorProfile\":\"p\"}";

/* What a command line gives, and nothing else. */
struct line {
	struct strv env, groups, caps;
	struct exec_changes changes;
	struct arena arena;
	struct spec_process *base, *made;
	struct err e;
};

static char *program[] = { (char *)(uintptr_t) "sh", NULL };

static void line_init(struct line *l)
{
	*l = (struct line){ 0 };
	l->changes = (struct exec_changes){
		.args = program, .n_args = 1, .env = &l->env, .groups = &l->groups, .caps = &l->caps
	};
	assert_int_equal(spec_process_decode("base", base_text, sizeof(base_text) - 1, &l->arena,
					     &l->base, NULL),
			 0);
}

static int line_make(struct line *l)
{
	return exec_process_make(l->base, &l->changes, &l->arena, &l->made, &l->e);
}

static void line_done(struct line *l)
{
	strv_done(&l->env);
	strv_done(&l->groups);
	strv_done(&l->caps);
	arena_done(&l->arena);
}

static void without_options_only_program_and_terminal_change(void **state UNUSED)
{
	struct line l;

	line_init(&l);
	assert_int_equal(line_make(&l), 0);
	assert_int_equal(l.made->args.n, 1);
	assert_string_equal(l.made->args.items[0], "sh");
	assert_null(l.made->args.items[1]);
	assert_false(l.made->terminal);
	assert_null(l.made->console_size);
	assert_int_equal(l.made->user->uid.v, 5);
	assert_string_equal(l.made->cwd, "/srv");
	assert_string_equal(l.made->apparmor_profile, "p");
	assert_string_equal(l.base->args.items[0], "init");
	line_done(&l);
}

static void variables_go_behind_the_container_s(void **state UNUSED)
{
	struct line l;

	line_init(&l);
	strv_add(&l.env, "A=2");
	assert_int_equal(line_make(&l), 0);
	assert_int_equal(l.made->env.n, 2);
	assert_string_equal(l.made->env.items[0], "A=1");
	assert_string_equal(l.made->env.items[1], "A=2");
	line_done(&l);
}

static void a_variable_needs_a_name_and_a_value(void **state UNUSED)
{
	struct line l;

	line_init(&l);
	strv_add(&l.env, "A");
	assert_int_equal(line_make(&l), -EINVAL);
	assert_string_equal(l.e.msg, "--env: 'A' is not NAME=VALUE");
	line_done(&l);
}

static void a_user_without_a_group_keeps_the_group(void **state UNUSED)
{
	struct line l;

	line_init(&l);
	l.changes.user = "1000";
	assert_int_equal(line_make(&l), 0);
	assert_int_equal(l.made->user->uid.v, 1000);
	assert_int_equal(l.made->user->gid.v, 6);
	assert_int_equal(l.base->user->uid.v, 5);
	line_done(&l);
}

static void groups_are_added(void **state UNUSED)
{
	struct line l;

	line_init(&l);
	strv_add(&l.groups, "8");
	assert_int_equal(line_make(&l), 0);
	assert_int_equal(l.made->user->additional_gids.n, 2);
	assert_int_equal(l.made->user->additional_gids.items[0], 7);
	assert_int_equal(l.made->user->additional_gids.items[1], 8);
	line_done(&l);
}

/* CVE-2022-29162: inheritable capabilities would let a program with file capabilities gain them. */
static void added_capabilities_are_never_inheritable(void **state UNUSED)
{
	struct line l;

	line_init(&l);
	strv_add(&l.caps, "CAP_NET_RAW");
	assert_int_equal(line_make(&l), 0);
	assert_int_equal(l.made->capabilities->bounding.n, 2);
	assert_string_equal(l.made->capabilities->bounding.items[1], "CAP_NET_RAW");
	assert_int_equal(l.made->capabilities->effective.n, 1);
	assert_int_equal(l.made->capabilities->permitted.n, 1);
	assert_int_equal(l.made->capabilities->inheritable.n, 0);
	assert_int_equal(l.made->capabilities->ambient.n, 0);
	assert_int_equal(l.base->capabilities->bounding.n, 1);
	line_done(&l);
}

static void what_may_be_inherited_is_ambient_too(void **state UNUSED)
{
	struct line l;
	const char *inheritable[] = { "CAP_SYSLOG", NULL };

	line_init(&l);
	l.base->capabilities->inheritable = (struct oci_strings){ inheritable, 1 };
	strv_add(&l.caps, "CAP_NET_RAW");
	strv_add(&l.caps, "CAP_SYSLOG");
	assert_int_equal(line_make(&l), 0);
	assert_int_equal(l.made->capabilities->inheritable.n, 1);
	assert_int_equal(l.made->capabilities->ambient.n, 1);
	assert_string_equal(l.made->capabilities->ambient.items[0], "CAP_SYSLOG");
	line_done(&l);
}

static void a_relative_directory_is_refused(void **state UNUSED)
{
	struct line l;

	line_init(&l);
	l.changes.cwd = "tmp";
	assert_int_equal(line_make(&l), -EINVAL);
	assert_string_equal(l.e.msg, "--cwd: 'tmp' is not an absolute path");
	line_done(&l);
}

static void user_is(const char *text, uint32_t want_uid, uint32_t want_gid)
{
	uint32_t uid = 77;
	uint32_t gid = 88;

	assert_int_equal(exec_parse_user(text, &uid, &gid, NULL), 0);
	assert_int_equal(uid, want_uid);
	assert_int_equal(gid, want_gid);
}

static void user_is_refused(const char *text)
{
	uint32_t uid = 77;
	uint32_t gid = 88;

	assert_int_equal(exec_parse_user(text, &uid, &gid, NULL), -EINVAL);
	assert_int_equal(uid, 77);
	assert_int_equal(gid, 88);
}

/* CVE-2026-30892: what was not understood became user 0. */
static void a_user_is_a_whole_number_or_two(void **state UNUSED)
{
	user_is("0", 0, 88);
	user_is("1:2", 1, 2);
	user_is("4294967294:0", 4294967294U, 0);
	user_is_refused("");
	user_is_refused(":2");
	user_is_refused("1:");
	user_is_refused("1:2:3");
	user_is_refused("-1");
	user_is_refused(" 1");
	user_is_refused("1x");
	user_is_refused("0x1");
	user_is_refused("root");
	user_is_refused("4294967295");
	user_is_refused("4294967296");
	user_is_refused("1:4294967295");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_only_program_and_terminal_change),
		cmocka_unit_test(variables_go_behind_the_container_s),
		cmocka_unit_test(a_variable_needs_a_name_and_a_value),
		cmocka_unit_test(a_user_without_a_group_keeps_the_group),
		cmocka_unit_test(groups_are_added),
		cmocka_unit_test(added_capabilities_are_never_inheritable),
		cmocka_unit_test(what_may_be_inherited_is_ambient_too),
		cmocka_unit_test(a_relative_directory_is_refused),
		cmocka_unit_test(a_user_is_a_whole_number_or_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
