/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/users.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char passwd[] = "# a comment\n"
			     "root:x:0:0:root:/root:/bin/sh\n"
			     "\n"
			     "short:x:1\n"
			     "word:x:abc:5::/:\n"
			     "app:x:1000:1001:App,,,:/home/app:/bin/sh\n"
			     "app:x:1:1::/:/bin/sh\n"
			     "+nis::::::\n"
			     "last:x:7:8";
static const char group[] = "root:x:0:\n"
			    "app:x:1001:\n"
			    "wheel:x:10:root,app\n"
			    "audio:x:29:app\n"
			    "apple:x:30:apple,xapp,ap\n"
			    "bad:x:abc:app\n"
			    "none\n";

static int resolve(const char *spec, struct bundle_user *ret, struct err *e)
{
	return users_resolve(spec, passwd, group, ret, e);
}

static void assert_ids(const char *spec, uint32_t uid, uint32_t gid, size_t n_groups)
{
	auto_(bundle_user) struct bundle_user u = { 0 };

	assert_int_equal(resolve(spec, &u, NULL), 0);
	assert_int_equal(u.uid, uid);
	assert_int_equal(u.gid, gid);
	assert_int_equal(u.n_groups, n_groups);
}

static void numbers_are_taken_as_they_are(void **state UNUSED)
{
	assert_ids("", 0, 0, 0);
	assert_ids("5:6", 5, 6, 0);
	assert_ids("4294967294:4294967294", 4294967294, 4294967294, 0);
}

/* conversion.md: additional groups are not touched when the user is a number. */
static void a_number_has_its_own_group_but_no_additional_ones(void **state UNUSED)
{
	assert_ids("1000", 1000, 1001, 0);
	assert_ids("12", 12, 0, 0);
	assert_ids("1000:wheel", 1000, 10, 0);
}

static void a_name_has_its_groups_unless_one_is_given(void **state UNUSED)
{
	auto_(bundle_user) struct bundle_user u = { 0 };

	assert_int_equal(resolve("app", &u, NULL), 0);
	assert_int_equal(u.uid, 1000);
	assert_int_equal(u.gid, 1001);
	assert_int_equal(u.n_groups, 2);
	assert_int_equal(u.groups[0], 10);
	assert_int_equal(u.groups[1], 29);
	assert_ids("app:wheel", 1000, 10, 0);
	assert_ids("app:77", 1000, 77, 0);
	assert_ids("app:", 1000, 1001, 2);
}

static void the_last_line_needs_no_newline(void **state UNUSED)
{
	assert_ids("last", 7, 8, 0);
}

static void unknown_names_and_broken_lines_are_errors_that_name_them(void **state UNUSED)
{
	static const struct {
		const char *spec, *text;
	} rows[] = {
		{ "nobody", "user 'nobody' is not in the image's /etc/passwd" },
		{ "short", "user 'short' is not in the image's /etc/passwd" },
		{ "word", "user 'word' is not in the image's /etc/passwd" },
		{ "ap", "user 'ap' is not in the image's /etc/passwd" },
		{ "+nis", "user '+nis' is not in the image's /etc/passwd" },
		{ "app:bad", "group 'bad' is not in the image's /etc/group" },
		{ "5:nobody", "group 'nobody' is not in the image's /etc/group" },
		{ "-1", "user '-1' is not in the image's /etc/passwd" },
		{ "4294967295", "user '4294967295' is not in the image's /etc/passwd" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bundle_user u = { .uid = 9 };
		struct err e = { 0 };

		assert_int_equal(resolve(rows[i].spec, &u, &e), -ENOENT);
		assert_string_equal(e.msg, rows[i].text);
		assert_int_equal(u.uid, 9);
	}
}

static void missing_files_know_nobody(void **state UNUSED)
{
	auto_(bundle_user) struct bundle_user u = { 0 };

	assert_int_equal(users_resolve("app", NULL, NULL, &u, NULL), -ENOENT);
	assert_int_equal(users_resolve("5:app", NULL, NULL, &u, NULL), -ENOENT);
	assert_int_equal(users_resolve("5", NULL, NULL, &u, NULL), 0);
	assert_int_equal(u.uid, 5);
	assert_int_equal(u.gid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_taken_as_they_are),
		cmocka_unit_test(a_number_has_its_own_group_but_no_additional_ones),
		cmocka_unit_test(a_name_has_its_groups_unless_one_is_given),
		cmocka_unit_test(the_last_line_needs_no_newline),
		cmocka_unit_test(unknown_names_and_broken_lines_are_errors_that_name_them),
		cmocka_unit_test(missing_files_know_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
