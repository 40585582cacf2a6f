/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sync/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static void pair(int fd[2])
{
	assert_int_equal(sync_pair(fd, NULL), 0);
}

static void unpair(const int fd[2])
{
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void a_step_arrives_with_its_number_and_descriptor(void **state UNUSED)
{
	int fd[2];
	int64_t value = 0;
	int got = -1;

	pair(fd);
	assert_int_equal(sync_send(fd[1], SYNC_PID, 4242, fd[0], NULL), 0);
	assert_int_equal(sync_expect(fd[0], SYNC_PID, "init", &value, &got, NULL), 0);
	assert_int_equal(value, 4242);
	assert_true(got >= 0);
	assert_true(fcntl(got, F_GETFD) & FD_CLOEXEC);
	(void)close(got);
	unpair(fd);
}

static void a_failure_is_taken_over_with_its_words(void **state UNUSED)
{
	int fd[2];
	struct err e = { 0 };
	struct err why = { .code = ENOENT, .msg = "mounts[3]: no such thing" };

	pair(fd);
	sync_fail(fd[1], &why);
	assert_int_equal(sync_expect(fd[0], SYNC_READY, "init", NULL, NULL, &e), -ENOENT);
	assert_string_equal(e.msg, "mounts[3]: no such thing");
	unpair(fd);
}

static void last_words_are_heard_of_who_did_not_listen(void **state UNUSED)
{
	int fd[2];
	struct err e = { 0 };
	struct err why = { .code = EINVAL, .msg = "enter cgroup" };

	pair(fd);
	assert_int_equal(sync_send(fd[0], SYNC_GO, 0, -1, NULL), 0);
	sync_fail(fd[1], &why);
	(void)close(fd[1]);
	assert_int_equal(sync_expect(fd[0], SYNC_READY, "init", NULL, NULL, &e), -EINVAL);
	assert_string_equal(e.msg, "enter cgroup");
	assert_int_equal(sync_expect(fd[0], SYNC_READY, "init", NULL, NULL, &e), -ECONNRESET);
	(void)close(fd[0]);
}

static void an_end_before_the_step_names_both(void **state UNUSED)
{
	int fd[2];
	struct err e = { 0 };

	pair(fd);
	(void)close(fd[1]);
	assert_int_equal(sync_expect(fd[0], SYNC_READY, "init", NULL, NULL, &e), -ECONNRESET);
	assert_string_equal(e.msg, "init died before 'ready'");
	(void)close(fd[0]);
}

static void another_step_than_the_one_due_is_an_error(void **state UNUSED)
{
	int fd[2];
	struct err e = { 0 };

	pair(fd);
	assert_int_equal(sync_send(fd[1], SYNC_CONSOLE, 0, -1, NULL), 0);
	assert_int_equal(sync_expect(fd[0], SYNC_READY, "init", NULL, NULL, &e), -EPROTO);
	assert_string_equal(e.msg, "init sent 'console' where 'ready' was due");
	unpair(fd);
}

static void foreign_messages_are_refused(void **state UNUSED)
{
	int fd[2];

	pair(fd);
	assert_int_equal(write(fd[1], "hello", 5), 5);
	assert_int_equal(sync_expect(fd[0], SYNC_READY, "init", NULL, NULL, NULL), -EPROTO);
	unpair(fd);
}

static void after_go_an_end_is_success_and_a_failure_is_one(void **state UNUSED)
{
	int fd[2];
	struct err e = { 0 };
	struct err why = { .code = EACCES, .msg = "exec '/x': permission denied" };

	pair(fd);
	sync_fail(fd[1], &why);
	assert_int_equal(sync_expect_exec(fd[0], "init", &e), -EACCES);
	assert_string_equal(e.msg, "exec '/x': permission denied");
	(void)close(fd[1]);
	assert_int_equal(sync_expect_exec(fd[0], "init", &e), 0);
	(void)close(fd[0]);
}

static void a_failure_without_a_code_is_still_one(void **state UNUSED)
{
	int fd[2];
	struct err none = { 0 };

	pair(fd);
	sync_fail(fd[1], &none);
	assert_int_equal(sync_expect(fd[0], SYNC_READY, "init", NULL, NULL, NULL), -EIO);
	unpair(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_arrives_with_its_number_and_descriptor),
		cmocka_unit_test(a_failure_is_taken_over_with_its_words),
		cmocka_unit_test(last_words_are_heard_of_who_did_not_listen),
		cmocka_unit_test(an_end_before_the_step_names_both),
		cmocka_unit_test(another_step_than_the_one_due_is_an_error),
		cmocka_unit_test(foreign_messages_are_refused),
		cmocka_unit_test(after_go_an_end_is_success_and_a_failure_is_one),
		cmocka_unit_test(a_failure_without_a_code_is_still_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
