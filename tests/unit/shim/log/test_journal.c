/* SPDX-License-Identifier: Apache-2.0 */
/* A socket of the test plays the journal. */
#include "shim/log/journal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "tests/unit/shim/log/temp.h"

static const char id[] = "0123456789abcdef";
static char packet[256 << 10];

static int listen_at(const struct temp *t)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(at.sun_path, t->log);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void begin(struct journal *j, const struct temp *t, const struct journal_source *src)
{
	struct err e = { 0 };

	if (journal_open(j, t->log, src, &e) < 0)
		fail_msg("%s", e.msg);
}

/* The next packet must be this text. */
static void assert_packet(int fd, const char *want)
{
	ssize_t n = recv(fd, packet, sizeof(packet) - 1, 0);

	assert_true(n >= 0);
	packet[n] = '\0';
	assert_string_equal(packet, want);
}

#define FIXED "CONTAINER_ID=0123456789ab\nCONTAINER_ID_FULL=0123456789abcdef\n"

static void a_line_is_a_record_with_the_fields_of_conmon(void **state)
{
	char *labels[] = { (char[]){ "SHIP=black pearl" }, (char[]){ "X_1=" }, NULL };
	struct temp *t = *state;
	int fd = listen_at(t);
	struct journal j;

	begin(&j, t,
	      &(struct journal_source){ .id = id, .name = "web", .tag = "T", .labels = labels });
	assert_true(journal_write(&j, STREAM_STDOUT, "hello\n", 6));
	assert_packet(fd, "PRIORITY=6\nMESSAGE=hello\n" FIXED
			  "CONTAINER_NAME=web\nCONTAINER_TAG=T\nSYSLOG_IDENTIFIER=T\n"
			  "SHIP=black pearl\nX_1=\n");
	journal_close(&j);
	begin(&j, t, &(struct journal_source){ .id = id, .name = "web" });
	assert_true(journal_write(&j, STREAM_STDERR, "\n", 1));
	assert_packet(fd,
		      "PRIORITY=3\nMESSAGE=\n" FIXED "CONTAINER_NAME=web\nSYSLOG_IDENTIFIER=web\n");
	journal_close(&j);
	begin(&j, t, &(struct journal_source){ .id = id });
	assert_true(journal_write(&j, STREAM_STDERR, "a\nb\n", 4));
	assert_packet(fd, "PRIORITY=3\nMESSAGE=a\n" FIXED "SYSLOG_IDENTIFIER=0123456789ab\n");
	assert_packet(fd, "PRIORITY=3\nMESSAGE=b\n" FIXED "SYSLOG_IDENTIFIER=0123456789ab\n");
	journal_close(&j);
	(void)close(fd);
}

static void what_has_no_newline_yet_is_marked(void **state)
{
	struct temp *t = *state;
	int fd = listen_at(t);
	struct journal j;

	begin(&j, t, &(struct journal_source){ .id = id });
	assert_true(journal_write(&j, STREAM_STDOUT, "<4>ab", 5));
	assert_packet(fd, "PRIORITY=4\nMESSAGE=ab\n" FIXED "SYSLOG_IDENTIFIER=0123456789ab\n"
			  "CONTAINER_PARTIAL_MESSAGE=true\n");
	/* Within a line there is no priority. */
	assert_true(journal_write(&j, STREAM_STDOUT, "<4>c\n<4>d\n", 10));
	assert_packet(fd, "PRIORITY=6\nMESSAGE=<4>c\n" FIXED "SYSLOG_IDENTIFIER=0123456789ab\n");
	assert_packet(fd, "PRIORITY=4\nMESSAGE=d\n" FIXED "SYSLOG_IDENTIFIER=0123456789ab\n");
	journal_close(&j);
	begin(&j, t, &(struct journal_source){ .id = id, .no_partial_mark = true });
	assert_true(journal_write(&j, STREAM_STDOUT, "ab", 2));
	assert_packet(fd, "PRIORITY=6\nMESSAGE=ab\n" FIXED "SYSLOG_IDENTIFIER=0123456789ab\n");
	journal_close(&j);
	(void)close(fd);
}

static void binary_bytes_go_as_they_are(void **state)
{
	struct temp *t = *state;
	int fd = listen_at(t);
	struct journal j;

	begin(&j, t, &(struct journal_source){ .id = id });
	assert_true(journal_write(&j, STREAM_STDOUT, "a\0\377=\n", 5));
	assert_true(recv(fd, packet, sizeof(packet), 0) > 0);
	assert_memory_equal(packet, "PRIORITY=6\nMESSAGE=a\0\377=\nCONTAINER_ID=", 37);
	journal_close(&j);
	(void)close(fd);
}

static void a_value_with_a_newline_goes_by_its_length(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };

	journal_field(&b, "A", "x", 1);
	journal_field(&b, "B", "y\nz", 3);
	assert_int_equal(b.len, 18);
	assert_memory_equal(b.data, "A=x\nB\n\3\0\0\0\0\0\0\0y\nz\n", 18);
}

static void more_than_a_datagram_holds_comes_as_a_sealed_file(void **state)
{
	struct temp *t = *state;
	int fd = listen_at(t), fds[1] = { -1 };
	autofree char *big = xcalloc(1, (size_t)300 << 10);
	struct journal_source src = { .id = id };
	struct journal j;
	char nothing[16];
	struct iovec iov = { .iov_base = nothing, .iov_len = sizeof(nothing) };
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control) };
	ssize_t len;

	memset(big, 'n', ((size_t)300 << 10) - 1);
	src.name = big;
	begin(&j, t, &src);
	assert_true(journal_write(&j, STREAM_STDOUT, "hello\n", 6));
	assert_int_equal(recvmsg(fd, &msg, MSG_CMSG_CLOEXEC), 0);
	assert_int_equal(msg.msg_controllen, sizeof(control.room));
	memcpy(fds, CMSG_DATA(&control.align), sizeof(int));
	len = pread(fds[0], packet, sizeof(packet), 0);
	assert_int_equal(len, sizeof(packet));
	assert_memory_equal(packet, "PRIORITY=6\nMESSAGE=hello\nCONTAINER_ID=", 38);
	assert_int_equal(fcntl(fds[0], F_GET_SEALS),
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	(void)close(fds[0]);
	journal_close(&j);
	(void)close(fd);
}

static void without_a_journal_there_is_advice(void **state)
{
	struct temp *t = *state;
	struct err e = { 0 };
	struct journal j;
	char want[256];

	assert_int_equal(journal_open(&j, t->log, &(struct journal_source){ .id = id }, &e),
			 -ENOENT);
	(void)snprintf(want, sizeof(want),
		       "journald: nobody listens at '%s': No such file or directory; start "
		       "systemd-journald or choose another log driver",
		       t->log);
	assert_string_equal(e.msg, want);
}

static void labels_are_checked_before_anything_is_sent(void **state UNUSED)
{
	static const char *const bad[] = { "a=b", "A", "=b", "_A=b", "1A=b", "A B=c", "" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(strbuf) struct strbuf out = { 0 };
		char *labels[] = { strdup(bad[i]), NULL };
		struct err e = { 0 };

		assert_int_equal(
			journal_fixed_fields(
				&out, &(struct journal_source){ .id = id, .labels = labels }, &e),
			-EINVAL);
		assert_non_null(strstr(e.msg, "not LABEL=VALUE"));
		free(labels[0]);
	}
}

static void a_journal_that_ends_loses_lines_which_are_counted_until_one_is_back(void **state)
{
	struct temp *t = *state;
	int fd = listen_at(t);
	struct journal j;

	begin(&j, t, &(struct journal_source){ .id = id });
	(void)close(fd);
	assert_false(journal_write(&j, STREAM_STDOUT, "a\nbc\n", 5));
	assert_int_equal(j.loss.bytes, 5);
	assert_int_equal(j.loss.error, ECONNREFUSED);
	assert_int_equal(unlink(t->log), 0);
	fd = listen_at(t);
	assert_true(journal_write(&j, STREAM_STDOUT, "d\n", 2));
	assert_packet(fd, "PRIORITY=6\nMESSAGE=d\n" FIXED "SYSLOG_IDENTIFIER=0123456789ab\n");
	journal_close(&j);
	(void)close(fd);
}

/* Nobody reads: the queue fills, one send waits its second, the others do not. */
static void a_journal_that_does_not_read_holds_nobody_up_for_long(void **state)
{
	struct temp *t = *state;
	int fd = listen_at(t);
	struct timespec from, to;
	struct journal j;

	begin(&j, t, &(struct journal_source){ .id = id });
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < 2000; i++)
		(void)journal_write(&j, STREAM_STDOUT, "line\n", 5);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	assert_in_range(to.tv_sec - from.tv_sec, 1, 5);
	assert_int_equal(j.loss.error, EAGAIN);
	assert_in_range(j.loss.bytes, 5, 2000 * 5);
	/* It reads again: what comes now is taken. */
	while (recv(fd, packet, sizeof(packet), 0) > 0)
		;
	assert_true(journal_write(&j, STREAM_STDOUT, "line\n", 5));
	journal_close(&j);
	(void)close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_a_record_with_the_fields_of_conmon),
		TEST(what_has_no_newline_yet_is_marked),
		TEST(binary_bytes_go_as_they_are),
		cmocka_unit_test(a_value_with_a_newline_goes_by_its_length),
		TEST(more_than_a_datagram_holds_comes_as_a_sealed_file),
		TEST(without_a_journal_there_is_advice),
		cmocka_unit_test(labels_are_checked_before_anything_is_sent),
		TEST(a_journal_that_ends_loses_lines_which_are_counted_until_one_is_back),
		TEST(a_journal_that_does_not_read_holds_nobody_up_for_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
