/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"

static int setup(void **state)
{
	char *name = NULL;
	int fd;

	assert_int_equal(dir_make_temp_at(AT_FDCWD, "dir-", 0755, &name, NULL), 0);
	fd = dir_open_at(AT_FDCWD, name, NULL);
	assert_true(fd >= 0);
	*state = (void *)(intptr_t)fd;
	/* The descriptor is enough from here on. */
	assert_int_equal(setenv("TEST_DIR_NAME", name, 1), 0);
	free(name);
	return 0;
}

static int teardown(void **state)
{
	(void)close((int)(intptr_t)*state);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, getenv("TEST_DIR_NAME"), NULL), 0);
	assert_int_equal(access(getenv("TEST_DIR_NAME"), F_OK), -1);
	return 0;
}

static int top(void **state)
{
	return (int)(intptr_t)*state;
}

static void touch(int dirfd, const char *name)
{
	assert_int_equal(file_replace_at(dirfd, name, "x", 1, 0600, FILE_NO_SYNC, NULL), 0);
}

static bool exists(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void directories_are_made_with_their_parents(void **state)
{
	assert_int_equal(dir_make_all_at(top(state), "a/b/c", 0755, NULL), 0);
	assert_int_equal(dir_make_all_at(top(state), "a/b/c", 0755, NULL), 0);
	assert_int_equal(dir_make_all_at(top(state), "a//b/./d/", 0755, NULL), 0);
	assert_true(exists(top(state), "a/b/c"));
	assert_true(exists(top(state), "a/b/d"));
}

static void a_file_in_the_way_of_a_directory_is_an_error(void **state)
{
	struct err e = { 0 };

	touch(top(state), "f");
	assert_int_equal(dir_make_all_at(top(state), "f", 0755, &e), -ENOTDIR);
	assert_string_equal(e.msg, "make directory 'f': something else is there");
	assert_int_equal(dir_make_all_at(top(state), "f/g", 0755, NULL), -ENOTDIR);
}

static void a_tree_is_removed_and_links_are_not_followed(void **state)
{
	int fd = top(state);

	assert_int_equal(dir_make_all_at(fd, "keep/sub", 0755, NULL), 0);
	touch(fd, "keep/sub/file");
	assert_int_equal(dir_make_all_at(fd, "gone/x/y", 0755, NULL), 0);
	touch(fd, "gone/x/file");
	assert_int_equal(symlinkat("../../keep", fd, "gone/x/link"), 0);
	assert_int_equal(dir_remove_all_at(fd, "gone", NULL), 0);
	assert_false(exists(fd, "gone"));
	assert_true(exists(fd, "keep/sub/file"));
	assert_int_equal(symlinkat("keep", fd, "ln"), 0);
	assert_int_equal(dir_remove_all_at(fd, "ln", NULL), 0);
	assert_true(exists(fd, "keep/sub/file"));
}

static void removing_what_is_missing_succeeds(void **state)
{
	assert_int_equal(dir_remove_all_at(top(state), "nothing", NULL), 0);
	assert_int_equal(dir_remove_all_at(top(state), "no/thing", NULL), 0);
}

static void removing_no_name_is_refused(void **state)
{
	assert_int_equal(dir_remove_all_at(top(state), ".", NULL), -EINVAL);
	assert_int_equal(dir_remove_all_at(top(state), "..", NULL), -EINVAL);
	assert_int_equal(dir_remove_all_at(top(state), "", NULL), -EINVAL);
	assert_int_equal(dir_remove_all_at(top(state), "a/..", NULL), -EINVAL);
}

/* Deeper than descriptors are kept open, and deeper than PATH_MAX allows in one name. */
static void a_very_deep_tree_is_removed(void **state)
{
	int at = dup(top(state));

	for (int i = 0; i < 2200; i++) {
		int next;

		assert_int_equal(mkdirat(at, "d", 0755), 0);
		if (i % 100 == 0)
			touch(at, "file");
		next = dir_open_at(at, "d", NULL);
		assert_true(next >= 0);
		(void)close(at);
		at = next;
	}
	(void)close(at);
	assert_int_equal(dir_remove_all_at(top(state), "d", NULL), 0);
	assert_false(exists(top(state), "d"));
}

static void a_wide_tree_is_removed(void **state)
{
	char name[32];

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "w/%d/%d", i % 50, i);
		assert_int_equal(dir_make_all_at(top(state), name, 0755, NULL), 0);
	}
	assert_int_equal(dir_remove_all_at(top(state), "w", NULL), 0);
	assert_false(exists(top(state), "w"));
}

/* Run `fn` in a child; its return value is the exit status. */
static int in_child(int (*fn)(int fd), int fd)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(fn(fd));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int remove_locked_as_user(int fd)
{
	if (getuid() == 0 &&
	    (fchown(fd, 12345, 12345) < 0 || setgid(12345) < 0 || setuid(12345) < 0))
		return 2;
	if (dir_make_all_at(fd, "locked/in/ner", 0755, NULL) < 0)
		return 3;
	if (fchmodat(fd, "locked/in", 0, 0) < 0 || fchmodat(fd, "locked", 0500, 0) < 0)
		return 4;
	return dir_remove_all_at(fd, "locked", NULL) < 0 || exists(fd, "locked");
}

static void the_owner_gets_past_missing_permissions(void **state)
{
	assert_int_equal(in_child(remove_locked_as_user, top(state)), 0);
}

static int remove_with_mount(int fd UNUSED)
{
	struct err e = { 0 };

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 77;
	/* By name: the descriptor belongs to the mount namespace left behind. */
	if (chdir(getenv("TEST_DIR_NAME")) < 0 ||
	    dir_make_all_at(AT_FDCWD, "m/point", 0755, NULL) < 0 ||
	    dir_make_all_at(AT_FDCWD, "src", 0755, NULL) < 0)
		return 2;
	touch(AT_FDCWD, "src/precious");
	/* A bind mount of the same file system: st_dev alone would not tell. */
	if (mount("src", "m/point", NULL, MS_BIND, NULL) < 0)
		return 77;
	if (dir_remove_all_at(AT_FDCWD, "m", &e) != -EXDEV)
		return 3;
	return exists(AT_FDCWD, "src/precious") ? 0 : 4;
}

static void a_mount_below_is_not_entered(void **state)
{
	int r = in_child(remove_with_mount, top(state));

	if (r == 77)
		skip();
	assert_int_equal(r, 0);
}

static int count(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
		 struct err *e UNUSED)
{
	int *n = ctx;

	assert_false(streq(name, ".") || streq(name, ".."));
	return ++*n == 3 ? 42 : 0;
}

static void each_entry_is_visited_until_told_to_stop(void **state)
{
	autofd int pathfd = openat(top(state), ".", O_PATH | O_CLOEXEC);
	int n = 0;

	touch(top(state), "one");
	touch(top(state), "two");
	assert_int_equal(dir_each(pathfd, count, &n, NULL), 0);
	assert_int_equal(n, 2);
	n = 0;
	touch(top(state), "three");
	touch(top(state), "four");
	assert_int_equal(dir_each(top(state), count, &n, NULL), 42);
	assert_int_equal(n, 3);
}

#define EACH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH(directories_are_made_with_their_parents),
		EACH(a_file_in_the_way_of_a_directory_is_an_error),
		EACH(a_tree_is_removed_and_links_are_not_followed),
		EACH(removing_what_is_missing_succeeds),
		EACH(removing_no_name_is_refused),
		EACH(a_very_deep_tree_is_removed),
		EACH(a_wide_tree_is_removed),
		EACH(the_owner_gets_past_missing_permissions),
		EACH(a_mount_below_is_not_entered),
		EACH(each_entry_is_visited_until_told_to_stop),
	};

	(void)umask(022);
	return cmocka_run_group_tests_name("dir", tests, NULL, NULL);
}
