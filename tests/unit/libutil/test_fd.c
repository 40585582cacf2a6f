/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"

static void a_descriptor_has_a_name_in_proc(void **state UNUSED)
{
	char buf[FD_PATH_SIZE];

	assert_string_equal(fd_path(0, buf), "/proc/self/fd/0");
	assert_string_equal(fd_path(1203, buf), "/proc/self/fd/1203");
	assert_string_equal(fd_path(2147483647, buf), "/proc/self/fd/2147483647");
	assert_int_equal(access(fd_path(-1, buf), F_OK), -1);
}

static void flags_are_set_and_cleared(void **state UNUSED)
{
	autofd int fd = open("/dev/null", O_RDONLY);

	assert_int_equal(fd_set_cloexec(fd, true, NULL), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fd_set_cloexec(fd, false, NULL), 0);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(fd_set_nonblock(fd, true, NULL), 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(fd_set_nonblock(-1, true, NULL), -EBADF);
}

static void only_the_kept_descriptors_stay_open(void **state UNUSED)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		int keep[] = { 20, 21, 30 };

		for (int fd = 10; fd < 40; fd++)
			if (dup2(0, fd) != fd)
				_exit(1);
		if (fd_close_from(-1, 15, keep, 3, NULL) < 0)
			_exit(2);
		for (int fd = 10; fd < 40; fd++) {
			bool want = fd < 15 || fd == 20 || fd == 21 || fd == 30;

			if ((fcntl(fd, F_GETFD) >= 0) != want)
				_exit(fd);
		}
		if (fd_cloexec_from(21, NULL) < 0)
			_exit(3);
		_exit(fcntl(20, F_GETFD) == 0 && fcntl(21, F_GETFD) == FD_CLOEXEC ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void descriptors_travel_with_a_message(void **state UNUSED)
{
	int s[2], sent[2], got[FD_PASS_MAX];
	size_t n = 99;
	char text[16];
	struct stat a, b;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
	assert_int_equal(pipe2(sent, O_CLOEXEC), 0);
	assert_int_equal(fd_send(s[0], "hello", 5, sent, 2, NULL), 0);
	assert_int_equal(fd_recv(s[1], text, sizeof(text), got, &n, NULL), 5);
	assert_memory_equal(text, "hello", 5);
	assert_int_equal(n, 2);
	assert_int_equal(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(got[1], &a), 0);
	assert_int_equal(fstat(sent[1], &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(fd_send(s[0], "x", 1, NULL, 0, NULL), 0);
	assert_int_equal(fd_recv(s[1], text, sizeof(text), got, &n, NULL), 1);
	assert_int_equal(n, 0);
	(void)close(s[0]);
	assert_int_equal(fd_recv(s[1], text, sizeof(text), got, &n, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		(void)close(sent[i]);
		(void)close(got[i]);
	}
	(void)close(s[1]);
}

static int lowest_free(void)
{
	int fd = dup(0);

	(void)close(fd);
	return fd;
}

static void a_truncated_message_leaks_no_descriptor(void **state UNUSED)
{
	int s[2], got[FD_PASS_MAX], in = 0, before;
	size_t n = 99;
	char text[4];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
	before = lowest_free();
	assert_int_equal(fd_send(s[0], "too long", 8, &in, 1, NULL), 0);
	assert_int_equal(fd_recv(s[1], text, sizeof(text), got, &n, NULL), -EMSGSIZE);
	assert_int_equal(fd_send(s[0], "ok", 2, &in, 1, NULL), 0);
	assert_int_equal(fd_recv(s[1], text, sizeof(text), NULL, NULL, NULL), -EMSGSIZE);
	assert_int_equal(lowest_free(), before);
	(void)close(s[0]);
	(void)close(s[1]);
}

static void too_many_descriptors_are_refused(void **state UNUSED)
{
	int fds[FD_PASS_MAX + 1] = { 0 };

	assert_int_equal(fd_send(0, "x", 1, fds, FD_PASS_MAX + 1, NULL), -EINVAL);
	assert_int_equal(fd_send(0, "", 0, NULL, 0, NULL), -EINVAL);
}

static void sockets_work_below_long_directories(void **state UNUSED)
{
	autofree char *name = NULL;
	autofd int dirfd = -1, sock = -1, client = -1, server = -1;
	char deep[200], path[256];
	struct stat st;

	assert_int_equal(dir_make_temp_at(AT_FDCWD, "fd-", 0755, &name, NULL), 0);
	memset(deep, 'd', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	(void)snprintf(path, sizeof(path), "%s/%s", name, deep);
	assert_int_equal(dir_make_all_at(AT_FDCWD, path, 0755, NULL), 0);
	dirfd = dir_open_at(AT_FDCWD, path, NULL);
	sock = fd_unix_listen_at(dirfd, "s.sock", SOCK_STREAM, 0660, NULL);
	assert_true(sock >= 0);
	assert_int_equal(fstatat(dirfd, "s.sock", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	strcat(path, "/s.sock");
	client = fd_unix_connect_at(AT_FDCWD, path, SOCK_STREAM, NULL);
	assert_true(client >= 0);
	server = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	assert_true(server >= 0);
	assert_int_equal(fd_unix_connect_at(dirfd, "none", SOCK_STREAM, NULL), -ENOENT);
	assert_int_equal(fd_unix_listen_at(dirfd, "s.sock", SOCK_STREAM, 0600, NULL), -EADDRINUSE);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, name, NULL), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_has_a_name_in_proc),
		cmocka_unit_test(flags_are_set_and_cleared),
		cmocka_unit_test(only_the_kept_descriptors_stay_open),
		cmocka_unit_test(descriptors_travel_with_a_message),
		cmocka_unit_test(a_truncated_message_leaks_no_descriptor),
		cmocka_unit_test(too_many_descriptors_are_refused),
		cmocka_unit_test(sockets_work_below_long_directories),
	};

	return cmocka_run_group_tests_name("fd", tests, NULL, NULL);
}
