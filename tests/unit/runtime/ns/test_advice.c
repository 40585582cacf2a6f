/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/advice.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"

/* A /proc of our own. */
static int setup(void **state)
{
	char *dir = xstrdup("/tmp/test_advice.XXXXXX");

	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	int r = dir_remove_all_at(AT_FDCWD, *state, NULL);

	free(*state);
	return r;
}

static void put(void **state, const char *file, const char *text)
{
	autofree char *path = path_join(*state, file);
	autofree char *parent = path_parent(path);

	assert_int_equal(dir_make_all_at(AT_FDCWD, parent, 0700, NULL), 0);
	assert_int_equal(
		file_replace_at(AT_FDCWD, path, text, strlen(text), 0600, FILE_NO_SYNC, NULL), 0);
}

static void a_switch_that_is_off_is_named(void **state)
{
	put(state, "sys/kernel/unprivileged_userns_clone", "0\n");
	put(state, "sys/user/max_user_namespaces", "100\n");
	assert_non_null(strstr(ns_advice(*state, EPERM), "kernel.unprivileged_userns_clone=1"));
}

static void apparmor_takes_the_rights_away_later(void **state)
{
	put(state, "sys/kernel/unprivileged_userns_clone", "1\n");
	put(state, "sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
	assert_non_null(strstr(ns_advice(*state, EACCES), "AppArmor"));
}

static void too_many_namespaces_are_told_from_none(void **state)
{
	put(state, "sys/user/max_user_namespaces", "0\n");
	assert_non_null(strstr(ns_advice(*state, ENOSPC), "sysctl user.max_user_namespaces"));
	put(state, "sys/user/max_user_namespaces", "100\n");
	assert_non_null(strstr(ns_advice(*state, ENOSPC), "too deeply nested"));
}

static void what_no_switch_explains_gets_no_advice(void **state)
{
	assert_null(ns_advice(*state, EPERM));
	put(state, "sys/user/max_user_namespaces", "0\n");
	assert_null(ns_advice(*state, ENOENT));
}

#define EACH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_switch_that_is_off_is_named),
		EACH(apparmor_takes_the_rights_away_later),
		EACH(too_many_namespaces_are_told_from_none),
		EACH(what_no_switch_explains_gets_no_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
