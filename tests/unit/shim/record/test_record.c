/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/dir.h"
#include "shim/record/reserve.h"

static int make_dir(void **state)
{
	static char name[sizeof("/tmp/test-record-XXXXXX")];

	strcpy(name, "/tmp/test-record-XXXXXX");
	*state = mkdtemp(name);
	return *state ? 0 : -1;
}

static int remove_dir(void **state)
{
	return dir_remove_all_at(AT_FDCWD, *state, NULL);
}

static void a_record_reads_back_as_it_was_written(void **state)
{
	auto_(arena) struct arena a = { 0 };
	autofd int dirfd = dir_open_at(AT_FDCWD, *state, NULL);
	const char *args[] = { "--x", "a b", NULL };
	struct record rec = {
		.id = "web",
		.bundle = "/b",
		.runtime = "/bin/rt",
		.log_path = "/l",
		.created = "t",
		.runtime_args = { .items = args, .n = 2 },
		.terminal = true,
		.container = { .pid = { true, 77 }, .start = { true, UINT64_MAX } },
	};
	struct record *back = NULL;
	struct err e = { 0 };

	assert_int_equal(record_write(dirfd, &rec, &e), 0);
	assert_int_equal(record_read(dirfd, &a, &back, &e), 0);
	assert_string_equal(back->id, "web");
	assert_string_equal(back->runtime_args.items[1], "a b");
	assert_null(back->root);
	assert_true(back->terminal);
	assert_false(back->interactive);
	assert_false(back->supervisor.pid.set);
	assert_int_equal(back->container.pid.v, 77);
	assert_true(back->container.start.v == UINT64_MAX);
}

static void a_record_with_a_relative_path_is_refused(void **state)
{
	auto_(arena) struct arena a = { 0 };
	autofd int dirfd = dir_open_at(AT_FDCWD, *state, NULL);
	struct record rec = {
		.id = "web",
		.bundle = "b",
		.runtime = "/bin/rt",
		.log_path = "/l",
		.created = "t",
	};
	struct record *back = NULL;

	assert_int_equal(record_write(dirfd, &rec, NULL), 0);
	assert_true(record_read(dirfd, &a, &back, NULL) < 0);
	assert_null(back);
}

static void a_living_process_is_found_by_pid_and_start_time(void **state UNUSED)
{
	struct record_proc p = { 0 };
	autofd int fd = -1;

	assert_int_equal(record_proc_set(&p, getpid(), NULL), 0);
	fd = record_proc_open(&p, NULL);
	assert_true(fd >= 0);
}

static void a_pid_that_was_reused_is_not_the_process(void **state UNUSED)
{
	struct record_proc p = { 0 };

	assert_int_equal(record_proc_open(&p, NULL), -ESRCH);
	assert_int_equal(record_proc_set(&p, getpid(), NULL), 0);
	p.start.v++;
	assert_int_equal(record_proc_open(&p, NULL), -ESRCH);
}

static void a_zombie_has_ended(void **state UNUSED)
{
	struct record_proc p = { 0 };
	siginfo_t si;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	assert_int_equal(record_proc_set(&p, pid, NULL), 0);
	assert_int_equal(record_proc_open(&p, NULL), -ESRCH);
	(void)waitpid(pid, NULL, 0);
	assert_int_equal(record_proc_open(&p, NULL), -ESRCH);
}

static void a_reserved_file_appears_under_its_name_only_when_it_is_whole(void **state)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, *state, NULL);
	autofd int fd = reserve_make(dirfd, ".x", 4096, NULL);

	assert_true(fd >= 0);
	assert_int_equal(reserve_make(dirfd, ".x", 4096, NULL), -EEXIST);
	assert_int_equal(faccessat(dirfd, "x", F_OK, 0), -1);
	assert_int_equal(reserve_commit(fd, dirfd, ".x", "x", "text\n", 5, NULL), 0);
	assert_int_equal(faccessat(dirfd, "x", F_OK, 0), 0);
	assert_int_equal(faccessat(dirfd, ".x", F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_record_reads_back_as_it_was_written, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(a_record_with_a_relative_path_is_refused, make_dir,
						remove_dir),
		cmocka_unit_test(a_living_process_is_found_by_pid_and_start_time),
		cmocka_unit_test(a_pid_that_was_reused_is_not_the_process),
		cmocka_unit_test(a_zombie_has_ended),
		cmocka_unit_test_setup_teardown(
			a_reserved_file_appears_under_its_name_only_when_it_is_whole, make_dir,
			remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
