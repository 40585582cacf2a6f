/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/landlock/landlock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NAME "annotations.org.creel.landlock: "

static struct landlock_rules *parse(struct arena *a, const char *text)
{
	struct landlock_rules *rules = NULL;
	struct err e = { 0 };

	if (landlock_parse(text, a, &rules, &e) < 0)
		fail_msg("%s", e.msg);
	return rules;
}

static void refused(const char *text, const char *words)
{
	auto_(arena) struct arena a = { 0 };
	struct landlock_rules *rules = NULL;
	struct err e = { 0 };

	assert_int_equal(landlock_parse(text, &a, &rules, &e), -EINVAL);
	assert_string_equal(e.msg, words);
	assert_null(rules);
}

static void rights_are_names_or_numbers(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct landlock_rules *r =
		parse(&a, "{\"handledAccessFs\":[\"execute\",\"ioctl_dev\",\"0x10\",\"1048576\"],"
			  "\"handledAccessNet\":[\"connect_tcp\"],\"scoped\":[\"signal\"],"
			  "\"pathBeneath\":[{\"paths\":[\"/a\",\"/b\"],\"allowedAccess\":["
			  "\"ioctl_dev\"]}],\"netPort\":[{\"ports\":[80],\"allowedAccess\":["
			  "\"2\"]}]}");

	assert_int_equal(r->handled.v[LANDLOCK_FS], 0x1 | 0x8000 | 0x10 | 0x100000);
	assert_int_equal(r->handled.v[LANDLOCK_NET], 2);
	assert_int_equal(r->handled.v[LANDLOCK_SCOPED], 2);
	assert_int_equal(r->n_paths, 1);
	assert_int_equal(r->paths[0].paths.n, 2);
	assert_int_equal(r->paths[0].allowed, 0x8000);
	assert_int_equal(r->ports[0].ports.items[0], 80);
	assert_false(r->best_effort);
}

static void what_would_leave_a_hole_is_refused(void **state UNUSED)
{
	refused("{}", NAME "handles no right: it would forbid nothing");
	refused("{\"handledAccessFs\":[\"reed\"]}",
		NAME "handledAccessFs[0]: unknown right 'reed'");
	refused("{\"handledAccessFs\":[\"bind_tcp\"]}",
		NAME "handledAccessFs[0]: unknown right 'bind_tcp'");
	refused("{\"handledAccessFs\":[\"0x\"]}", NAME "handledAccessFs[0]: unknown right '0x'");
	refused("{\"handledAccessFs\":[\"-1\"]}", NAME "handledAccessFs[0]: unknown right '-1'");
	refused("{\"scope\":[\"signal\"]}", NAME "unknown member 'scope'");
	refused("{\"scoped\":[\"signal\"],\"pathBeneath\":[{\"paths\":[\"/\"],\"allowedAccess\":["
		"\"execute\"]}]}",
		NAME "pathBeneath[0].allowedAccess: 'execute' (0x1) is not in handledAccessFs");
	refused("{\"handledAccessFs\":[\"execute\"],\"pathBeneath\":[{\"paths\":[\"bin\"],"
		"\"allowedAccess\":[\"execute\"]}]}",
		NAME "pathBeneath[0].paths[0]: must be an absolute path");
	refused("{\"handledAccessNet\":[\"bind_tcp\"],\"netPort\":[{\"ports\":[65536],"
		"\"allowedAccess\":[\"bind_tcp\"]}]}",
		NAME "netPort[0].ports[0]: 65536 is above 65535");
	refused("{\"handledAccessFs\":[\"execute\"],\"pathBeneath\":[{\"paths\":[\"/\"],"
		"\"allowedAccess\":[]}]}",
		NAME "pathBeneath[0].allowedAccess: a rule must allow something");
}

static void an_older_kernel_is_an_error_that_says_which_would_do(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	const char *text = "{\"handledAccessFs\":[\"execute\",\"truncate\"]}";
	struct err e = { 0 };

	assert_int_equal(landlock_fit(parse(&a, text), 3, &e), 1);
	assert_int_equal(landlock_fit(parse(&a, text), 2, &e), -EOPNOTSUPP);
	assert_string_equal(e.msg, NAME
			    "handledAccessFs: 'truncate' needs version 3 of Landlock (Linux 6.2), "
			    "this kernel has 2; \"bestEffort\":true does without");
	assert_int_equal(landlock_fit(parse(&a, text), 0, &e), -EOPNOTSUPP);
	assert_non_null(strstr(e.msg, "this kernel has no Landlock"));
}

static void best_effort_leaves_out_what_the_kernel_lacks(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	const char *text = "{\"handledAccessFs\":[\"execute\",\"truncate\"],\"bestEffort\":true,"
			   "\"scoped\":[\"signal\"],\"pathBeneath\":[{\"paths\":[\"/\"],"
			   "\"allowedAccess\":[\"truncate\"]}]}";
	struct landlock_rules *r = parse(&a, text);

	assert_int_equal(landlock_fit(r, 2, NULL), 1);
	assert_int_equal(r->handled.v[LANDLOCK_FS], 1);
	assert_int_equal(r->handled.v[LANDLOCK_SCOPED], 0);
	assert_int_equal(r->paths[0].allowed, 0);
	assert_int_equal(landlock_fit(parse(&a, text), 0, NULL), 0);
}

static void a_newer_kernel_is_believed_to_know_every_number(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	const char *text = "{\"handledAccessFs\":[\"0x80000000\"]}";

	assert_int_equal(landlock_fit(parse(&a, text), LANDLOCK_KNOWN_ABI + 1, NULL), 1);
	assert_int_equal(landlock_fit(parse(&a, text), LANDLOCK_KNOWN_ABI, NULL), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_are_names_or_numbers),
		cmocka_unit_test(what_would_leave_a_hole_is_refused),
		cmocka_unit_test(an_older_kernel_is_an_error_that_says_which_would_do),
		cmocka_unit_test(best_effort_leaves_out_what_the_kernel_lacks),
		cmocka_unit_test(a_newer_kernel_is_believed_to_know_every_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
