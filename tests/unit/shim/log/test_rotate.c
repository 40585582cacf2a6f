/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/rotate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/shim/log/temp.h"

static void turn(const struct temp *t, unsigned files)
{
	struct err e = { 0 };
	int fd = rotate(t->log, files, &e);

	if (fd < 0)
		print_error("%s\n", e.msg);
	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	(void)close(fd);
}

static void files_move_up_and_the_oldest_goes(void **state)
{
	struct temp *t = *state;

	put_file(t, "", "1");
	turn(t, 3);
	assert_file(t, "", "");
	assert_file(t, ".1", "1");
	put_file(t, "", "2");
	turn(t, 3);
	put_file(t, "", "3");
	turn(t, 3);
	assert_file(t, "", "");
	assert_file(t, ".1", "3");
	assert_file(t, ".2", "2");
	assert_file(t, ".3", NULL);
	assert_file(t, ".new", NULL);
}

static void a_single_file_is_begun_anew(void **state)
{
	struct temp *t = *state;

	put_file(t, "", "1");
	turn(t, 1);
	assert_file(t, "", "");
	assert_file(t, ".1", NULL);
	put_file(t, "", "2");
	turn(t, 0);
	assert_file(t, "", "");
	assert_file(t, ".1", NULL);
}

static void two_files_keep_one_old_one(void **state)
{
	struct temp *t = *state;

	put_file(t, "", "1");
	turn(t, 2);
	put_file(t, "", "2");
	turn(t, 2);
	assert_file(t, "", "");
	assert_file(t, ".1", "2");
	assert_file(t, ".2", NULL);
}

static void a_rotation_cut_short_while_files_moved_loses_nothing(void **state)
{
	struct temp *t = *state;

	/* .2 and .1 have moved up, PATH has no second name yet. */
	put_file(t, "", "3");
	put_file(t, ".2", "2");
	put_file(t, ".3", "1");
	turn(t, 4);
	assert_file(t, ".1", "3");
	assert_file(t, ".2", "2");
	assert_file(t, ".3", "1");
}

static void a_rotation_cut_short_before_the_new_file_keeps_each_file_once(void **state)
{
	struct temp *t = *state;
	char first[64];

	put_file(t, "", "2");
	put_file(t, ".2", "1");
	put_file(t, ".new", "");
	strcpy(first, t->log);
	strcat(first, ".1");
	assert_int_equal(link(t->log, first), 0);
	turn(t, 3);
	assert_file(t, "", "");
	assert_file(t, ".1", "2");
	assert_file(t, ".2", "1");
	assert_file(t, ".3", NULL);
}

static void a_log_that_cannot_be_rotated_stays_as_it_was(void **state)
{
	struct temp *t = *state;
	struct err e = { 0 };
	char next[64];

	strcpy(next, t->log);
	strcat(next, ".new");
	put_file(t, "", "2");
	put_file(t, ".1", "1");
	assert_int_equal(mkdir(next, 0700), 0);
	assert_true(rotate(t->log, 3, &e) < 0);
	assert_non_null(strstr(e.msg, ".new'"));
	assert_file(t, "", "2");
	assert_file(t, ".1", "1");
	assert_file(t, ".2", NULL);
}

static void a_file_is_the_same_by_any_of_its_names(void **state)
{
	struct temp *t = *state;
	struct file_id before, after;
	char first[64];

	strcpy(first, t->log);
	strcat(first, ".1");
	put_file(t, "", "1");
	assert_int_equal(file_id_at(t->log, &before, NULL), 0);
	turn(t, 2);
	assert_int_equal(file_id_at(first, &after, NULL), 0);
	assert_true(file_id_same(&before, &after));
	assert_int_equal(file_id_at(t->log, &after, NULL), 0);
	assert_false(file_id_same(&before, &after));
	assert_int_equal(unlink(t->log), 0);
	assert_int_equal(file_id_at(t->log, &after, NULL), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_move_up_and_the_oldest_goes),
		TEST(a_single_file_is_begun_anew),
		TEST(two_files_keep_one_old_one),
		TEST(a_rotation_cut_short_while_files_moved_loses_nothing),
		TEST(a_rotation_cut_short_before_the_new_file_keeps_each_file_once),
		TEST(a_log_that_cannot_be_rotated_stays_as_it_was),
		TEST(a_file_is_the_same_by_any_of_its_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
