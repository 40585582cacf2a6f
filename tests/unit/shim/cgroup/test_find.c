/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/cgroup/find.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/cleanup.h"

#define HYBRID "13:memory:/pod/one\n4:cpu,cpuacct:/pod/two\n1:name=systemd:/\n0::/unified\n"
#define MOUNTS                                                                                     \
	"24 1 0:22 / /sys rw - sysfs sysfs rw\n"                                                   \
	"31 24 0:27 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory\n"        \
	"32 24 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"                      \
	"33 24 0:29 /pod /a\\040place rw shared:1 master:2 - cgroup2 cgroup2 rw\n"

static void check_path(const char *controller, const char *want, bool want_v2)
{
	bool v2 = !want_v2;
	autofree char *path = cgroup_path_in(HYBRID, controller, &v2);

	assert_string_equal(path, want);
	assert_int_equal(v2, want_v2);
}

static void a_controller_is_where_v1_lists_it_else_in_v2(void **state UNUSED)
{
	bool v2;

	check_path("memory", "/pod/one", false);
	check_path("cpuacct", "/pod/two", false);
	check_path("io", "/unified", true);
	check_path("mem", "/unified", true);
	assert_null(cgroup_path_in("1:name=systemd:/\nnonsense\n", "memory", &v2));
}

static void check_dir(const char *controller, bool v2, const char *path, const char *want)
{
	autofree char *dir = cgroup_dir_in(MOUNTS, controller, v2, path);

	if (want)
		assert_string_equal(dir, want);
	else
		assert_null(dir);
}

static void a_group_is_below_the_mount_of_its_hierarchy(void **state UNUSED)
{
	check_dir("memory", false, "/pod/one", "/sys/fs/cgroup/memory/pod/one");
	check_dir("cpu", false, "/x", "/sys/fs/cgroup/cpu/x");
	check_dir("", true, "/pod/x", "/a place/x");
	check_dir("", true, "/pod", "/a place");
}

static void what_is_not_mounted_is_not_guessed(void **state UNUSED)
{
	check_dir("pids", false, "/x", NULL);
	check_dir("", true, "/podlike/x", NULL);
	check_dir("memory", false, "/../other", NULL);
	check_dir("memory", false, "", NULL);
}

static void our_own_group_can_be_opened(void **state UNUSED)
{
	bool v2;
	struct err e = { 0 };
	int fd = cgroup_open(getpid(), "memory", &v2, &e);

	/* A container may show no control groups at all. */
	if (fd < 0)
		skip();
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_controller_is_where_v1_lists_it_else_in_v2),
		cmocka_unit_test(a_group_is_below_the_mount_of_its_hierarchy),
		cmocka_unit_test(what_is_not_mounted_is_not_guessed),
		cmocka_unit_test(our_own_group_can_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
