/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/log_dirs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void check(const char *dir, const char *spec, bool may)
{
	auto_(strv) struct strv dirs = { 0 };
	struct err e = { 0 };

	if (dir)
		strv_add(&dirs, dir);
	assert_int_equal(log_dirs_check(&dirs, spec, &e) == 0, may);
}

static void a_log_is_below_an_allowed_directory(void **state UNUSED)
{
	check("/tmp", "k8s-file:/tmp/log", true);
	check("/tmp", "/tmp/log", true);
	check("/usr", "json-file:/usr/lib/log", true);
	check("/usr/lib", "/usr/log", false);
	check("/usr/lib", "/usr/lib/../log", false);
	check("/no/such", "/tmp/log", false);
	check("/tmp", "/no/such/log", false);
}

static void without_a_list_and_without_a_file_all_is_allowed(void **state UNUSED)
{
	check(NULL, "k8s-file:/tmp/log", true);
	check("/no/such", "none", true);
	check("/no/such", "journald:", true);
}

static void a_link_does_not_lead_out(void **state UNUSED)
{
	char dir[] = "/tmp/log-dirs-XXXXXX", link[64], spec[80];

	assert_non_null(mkdtemp(dir));
	(void)snprintf(link, sizeof(link), "%s/out", dir);
	assert_int_equal(symlink("/usr", link), 0);
	(void)snprintf(spec, sizeof(spec), "%s/log", link);
	check(dir, spec, false);
	check("/usr", spec, true);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_is_below_an_allowed_directory),
		cmocka_unit_test(without_a_list_and_without_a_file_all_is_allowed),
		cmocka_unit_test(a_link_does_not_lead_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
