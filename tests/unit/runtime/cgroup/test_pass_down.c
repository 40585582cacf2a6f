/* SPDX-License-Identifier: Apache-2.0 */
/* What is written into a group so that the groups below it get its controllers. */
#include "runtime/cgroup/pass_down.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "libutil/dir.h"
#include "libutil/file.h"

/* Plain files keep what was written last, over what they held. */
static void passes_down(const char *controllers, const char *enabled, const char *want)
{
	char root[] = "test-pass-down.XXXXXX", path[] = "/web";
	struct cgroup_tree t = { .mount = root, .path = path };
	autofree char *got = NULL;
	autofd int fd = -1;

	assert_non_null(mkdtemp(root));
	fd = dir_open_at(AT_FDCWD, root, NULL);
	assert_int_equal(file_replace_at(fd, "cgroup.controllers", controllers, strlen(controllers),
					 0600, FILE_NO_SYNC, NULL),
			 0);
	assert_int_equal(file_replace_at(fd, "cgroup.subtree_control", enabled, strlen(enabled),
					 0600, FILE_NO_SYNC, NULL),
			 0);
	tree_pass_down(&t);
	assert_int_equal(file_read_at(fd, "cgroup.subtree_control", 100, &got, NULL, NULL), 0);
	assert_string_equal(got, want);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, root, NULL), 0);
}

static void all_are_passed_down_at_first(void **state UNUSED)
{
	passes_down("cpuset cpu io\n", "\n", "+cpuset +cpu +io");
}

static void only_those_that_are_not_passed_down_yet_are_written(void **state UNUSED)
{
	passes_down("cpuset cpu io\n", "cpuset\n", "+cpu +io");
	passes_down("cpu cpuset io\n", "cpuset io\n", "+cpuet io\n");
}

static void nothing_is_written_when_all_are(void **state UNUSED)
{
	passes_down("cpuset cpu io\n", "cpuset cpu io\n", "cpuset cpu io\n");
	passes_down("\n", "\n", "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_passed_down_at_first),
		cmocka_unit_test(only_those_that_are_not_passed_down_yet_are_written),
		cmocka_unit_test(nothing_is_written_when_all_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
