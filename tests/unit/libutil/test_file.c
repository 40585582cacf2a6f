/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"

struct place {
	char *name;
	int fd;
};

static int setup(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	assert_int_equal(dir_make_temp_at(AT_FDCWD, "file-", 0755, &p->name, NULL), 0);
	p->fd = dir_open_at(AT_FDCWD, p->name, NULL);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	(void)close(p->fd);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, p->name, NULL), 0);
	free(p->name);
	free(p);
	return 0;
}

static void put(const struct place *p, const char *name, const char *text)
{
	assert_int_equal(file_replace_at(p->fd, name, text, strlen(text), 0644, FILE_NO_SYNC, NULL),
			 0);
}

static int count(int dirfd UNUSED, const char *name UNUSED, unsigned char type UNUSED, void *ctx,
		 struct err *e UNUSED)
{
	++*(int *)ctx;
	return 0;
}

static int entries(const struct place *p)
{
	int n = 0;

	assert_int_equal(dir_each(p->fd, count, &n, NULL), 0);
	return n;
}

static void a_file_is_read_whole_and_terminated(void **state)
{
	const struct place *p = *state;
	autofree char *text = NULL;
	size_t len = 0;

	assert_int_equal(file_replace_at(p->fd, "f", "a\0b", 3, 0600, FILE_SYNC, NULL), 0);
	assert_int_equal(file_read_at(p->fd, "f", 3, &text, &len, NULL), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\0b", 4);
}

static void an_empty_file_is_an_empty_text(void **state)
{
	const struct place *p = *state;
	autofree char *text = NULL;

	put(p, "f", "");
	assert_int_equal(file_read_at(p->fd, "f", 0, &text, NULL, NULL), 0);
	assert_string_equal(text, "");
}

static void a_file_over_the_maximum_is_refused(void **state)
{
	const struct place *p = *state;
	char *text = NULL;
	struct err e = { 0 };

	put(p, "f", "12345");
	assert_int_equal(file_read_at(p->fd, "f", 4, &text, NULL, &e), -EFBIG);
	assert_null(text);
	assert_string_equal(e.msg, "read 'f': larger than 4 bytes");
	/* Files of /proc tell no size: the limit holds all the same. */
	assert_int_equal(file_read_at(AT_FDCWD, "/proc/self/status", 100, &text, NULL, NULL),
			 -EFBIG);
}

static void a_file_without_a_size_is_read_to_its_end(void **state UNUSED)
{
	autofree char *text = NULL;
	size_t len = 0;

	assert_int_equal(file_read_at(AT_FDCWD, "/proc/self/status", 100000, &text, &len, NULL), 0);
	assert_int_equal(len, strlen(text));
	assert_non_null(strstr(text, "nonvoluntary_ctxt_switches"));
}

static void a_long_pipe_is_read_to_its_end(void **state UNUSED)
{
	autofree char *text = NULL;
	int p[2];
	char block[30000];
	size_t len = 0;

	memset(block, 'z', sizeof(block));
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(write(p[1], block, sizeof(block)), sizeof(block));
	(void)close(p[1]);
	assert_int_equal(file_read_fd(p[0], "pipe", sizeof(block), &text, &len, NULL), 0);
	(void)close(p[0]);
	assert_int_equal(len, sizeof(block));
}

static void a_missing_file_names_itself(void **state)
{
	const struct place *p = *state;
	struct err e = { 0 };
	char *text = NULL;

	assert_int_equal(file_read_at(p->fd, "none", 10, &text, NULL, &e), -ENOENT);
	assert_string_equal(e.msg, "open 'none': No such file or directory");
}

static void a_failed_write_names_value_and_file(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(file_write_at(AT_FDCWD, "/dev/full", "77", &e), -ENOSPC);
	assert_string_equal(e.msg, "write '77' to '/dev/full': No space left on device");
}

static void replacing_keeps_the_mode_asked_for_and_leaves_one_file(void **state)
{
	const struct place *p = *state;
	mode_t old = umask(077);
	struct stat st;
	autofree char *text = NULL;

	put(p, "f", "old");
	assert_int_equal(file_replace_at(p->fd, "f", "new", 3, 0664, FILE_SYNC, NULL), 0);
	(void)umask(old);
	assert_int_equal(fstatat(p->fd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0664);
	assert_int_equal(file_read_at(p->fd, "f", 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "new");
	assert_int_equal(entries(p), 1);
}

static void replacing_in_a_directory_below_works(void **state)
{
	const struct place *p = *state;

	assert_int_equal(mkdirat(p->fd, "sub", 0755), 0);
	assert_int_equal(file_replace_at(p->fd, "sub/f", "x", 1, 0600, FILE_SYNC, NULL), 0);
	assert_int_equal(faccessat(p->fd, "sub/f", F_OK, 0), 0);
	assert_int_equal(entries(p), 1);
}

static void a_replacement_that_fails_leaves_nothing(void **state)
{
	const struct place *p = *state;

	assert_int_equal(mkdirat(p->fd, "dir", 0755), 0);
	assert_int_equal(file_replace_at(p->fd, "dir", "x", 1, 0600, FILE_NO_SYNC, NULL), -EISDIR);
	assert_int_equal(entries(p), 1);
}

/* RLIMIT_FSIZE stands in for a full disk. */
static void a_full_disk_keeps_the_old_content(void **state)
{
	const struct place *p = *state;
	autofree char *text = NULL;
	int status = 0;
	pid_t pid;

	put(p, "f", "old");
	pid = fork();
	if (pid == 0) {
		struct rlimit small = { 4, 4 };

		(void)signal(SIGXFSZ, SIG_IGN);
		(void)setrlimit(RLIMIT_FSIZE, &small);
		_exit(file_replace_at(p->fd, "f", "too long", 8, 0600, FILE_NO_SYNC, NULL) == -EFBIG
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(file_read_at(p->fd, "f", 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "old");
	assert_int_equal(entries(p), 1);
}

static void a_nonblocking_pipe_is_waited_for(void **state UNUSED)
{
	enum { SIZE = 300000 };
	autofree char *data = xcalloc(1, SIZE);
	int p[2], status = 0;
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(fcntl(p[1], F_SETFL, O_NONBLOCK), 0);
	pid = fork();
	if (pid == 0) {
		autofree char *got = NULL;
		size_t len = 0;

		(void)close(p[1]);
		_exit(file_read_fd(p[0], "p", SIZE, &got, &len, NULL) < 0 || len != SIZE);
	}
	(void)close(p[0]);
	assert_int_equal(file_write_all(p[1], data, SIZE, NULL), 0);
	(void)close(p[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void copy(const struct place *p, const char *from, const char *to, uint64_t *n)
{
	autofd int in = openat(p->fd, from, O_RDONLY | O_CLOEXEC);
	autofd int out = openat(p->fd, to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(in >= 0 && out >= 0);
	assert_int_equal(file_copy(in, out, n, NULL), 0);
}

static void copies_are_complete(void **state)
{
	const struct place *p = *state;
	autofree char *text = NULL;
	uint64_t n = 0;

	put(p, "from", "content");
	copy(p, "from", "to", &n);
	assert_int_equal(n, 7);
	assert_int_equal(file_read_at(p->fd, "to", 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "content");
	/* A file of /proc, whose size reads as zero. */
	copy(p, "/proc/self/cmdline", "to", &n);
	assert_true(n > 0);
	put(p, "from", "");
	copy(p, "from", "to", &n);
	assert_int_equal(n, 0);
}

#define EACH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

static void a_link_that_somebody_named_stays(void **state)
{
	struct place *p = *state;
	autofree char *text = NULL, *link = xasprintf("/proc/self/fd/%d/link", p->fd);
	autofree char *plain = xasprintf("/proc/self/fd/%d/plain", p->fd);
	struct stat st;

	assert_int_equal(symlinkat("target", p->fd, "link"), 0);
	assert_int_equal(file_put_named(link, "some text", 9, 0644, NULL), 0);
	assert_int_equal(file_put_named(link, "text", 4, 0644, NULL), 0);
	assert_int_equal(fstatat(p->fd, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(file_read_at(p->fd, "target", 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "text");
	assert_int_equal(file_put_named("/dev/null", "x", 1, 0644, NULL), 0);
	assert_false(file_named_is_replaced("/dev/null"));
	assert_int_equal(file_put_named(plain, "x", 1, 0600, NULL), 0);
	assert_true(file_named_is_replaced(plain));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH(a_file_is_read_whole_and_terminated),
		EACH(an_empty_file_is_an_empty_text),
		EACH(a_file_over_the_maximum_is_refused),
		EACH(a_file_without_a_size_is_read_to_its_end),
		EACH(a_long_pipe_is_read_to_its_end),
		EACH(a_missing_file_names_itself),
		EACH(a_failed_write_names_value_and_file),
		EACH(replacing_keeps_the_mode_asked_for_and_leaves_one_file),
		EACH(replacing_in_a_directory_below_works),
		EACH(a_replacement_that_fails_leaves_nothing),
		EACH(a_full_disk_keeps_the_old_content),
		EACH(a_nonblocking_pipe_is_waited_for),
		EACH(copies_are_complete),
		EACH(a_link_that_somebody_named_stays),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
