/* SPDX-License-Identifier: Apache-2.0 */
/* What is written to make a cgroup file say again what it said. */
#include "runtime/cgroup/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/file.h"

/* `want` NULL: nothing puts it back. */
static void gives(const char *file, const char *value, const char *old, const char *want)
{
	autofree char *text = undo_text(file, value, old);

	if (want)
		assert_string_equal(text, want);
	else
		assert_null(text);
}

static void a_single_value_is_written_again(void **state UNUSED)
{
	gives("memory.max", "100", "max\n", "max");
	gives("cpu.max", "1000 5000", "max 100000\n", "max 100000");
	gives("pids.max", "5", "7", "7");
}

static void an_empty_list_becomes_empty_again(void **state UNUSED)
{
	gives("cpuset.cpus", "0", "\n", "\n");
	gives("cpuset.cpus", "0", "", "\n");
}

static void only_the_line_of_the_same_device_is_written(void **state UNUSED)
{
	gives("io.max", "8:1 rbps=5", "8:0 rbps=1 wbps=max\n8:1 rbps=2 wbps=3\n",
	      "8:1 rbps=2 wbps=3");
	gives("blkio.throttle.read_bps_device", "8:16 100", "8:1 7\n8:16 9", "8:16 9");
	gives("io.weight", "default 50", "default 100\n8:0 20\n", "default 100");
}

static void a_device_that_was_not_named_is_unlimited_again(void **state UNUSED)
{
	gives("io.max", "8:1 rbps=5", "8:16 rbps=1\n", "8:1 rbps=max wbps=max riops=max wiops=max");
	gives("blkio.throttle.read_bps_device", "8:1 100", "", "8:1 0");
	gives("io.weight", "8:0 50", "default 100\n", "8:0 default");
	gives("rdma.max", "mlx4_0 hca_handle=2", "", "mlx4_0 hca_handle=max hca_object=max");
}

static void of_the_oom_control_the_switch_is_written(void **state UNUSED)
{
	gives("memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", "0");
}

static void what_has_more_lines_is_not_guessed(void **state UNUSED)
{
	gives("memory.stat", "1", "anon 1\nfile 2\n", NULL);
}

static char dir[] = "/tmp/creel-undo-XXXXXX";

static int make_dir(void **state UNUSED)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state UNUSED)
{
	autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)unlinkat(fd, "a", 0);
	(void)unlinkat(fd, "b", 0);
	return rmdir(dir);
}

static void says(int dirfd, const char *file, const char *want)
{
	autofree char *text = NULL;

	assert_int_equal(file_read_at(dirfd, file, 100, &text, NULL, NULL), 0);
	assert_string_equal(text, want);
}

static void change(struct undo *u, int dirfd, const char *file, const char *value)
{
	undo_note(u, dirfd, file, value);
	assert_int_equal(file_write_at(dirfd, file, value, NULL), 0);
}

static void all_files_say_again_what_they_said(void **state UNUSED)
{
	autofd int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_(undo) struct undo u = { 0 };
	auto_(strbuf) struct strbuf stuck = { 0 };

	assert_int_equal(file_replace_at(dirfd, "a", "1", 1, 0600, FILE_NO_SYNC, NULL), 0);
	assert_int_equal(file_replace_at(dirfd, "b", "2", 1, 0600, FILE_NO_SYNC, NULL), 0);
	change(&u, dirfd, "a", "5");
	change(&u, dirfd, "b", "6");
	change(&u, dirfd, "a", "7");
	undo_note(&u, dirfd, "b", "8");
	undo_forget(&u);
	undo_all(&u, &stuck);
	assert_int_equal(stuck.len, 0);
	says(dirfd, "a", "1");
	says(dirfd, "b", "2");
}

static void a_file_that_keeps_its_value_is_named(void **state UNUSED)
{
	autofd int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_(undo) struct undo u = { 0 };
	auto_(strbuf) struct strbuf stuck = { 0 };

	assert_int_equal(file_replace_at(dirfd, "a", "1\n2\n", 4, 0600, FILE_NO_SYNC, NULL), 0);
	change(&u, dirfd, "a", "5");
	undo_all(&u, &stuck);
	assert_string_equal(strbuf_str(&stuck), "'a'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_single_value_is_written_again),
		cmocka_unit_test(an_empty_list_becomes_empty_again),
		cmocka_unit_test(only_the_line_of_the_same_device_is_written),
		cmocka_unit_test(a_device_that_was_not_named_is_unlimited_again),
		cmocka_unit_test(of_the_oom_control_the_switch_is_written),
		cmocka_unit_test(what_has_more_lines_is_not_guessed),
		cmocka_unit_test(all_files_say_again_what_they_said),
		cmocka_unit_test(a_file_that_keeps_its_value_is_named),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
