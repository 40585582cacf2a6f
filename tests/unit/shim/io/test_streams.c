/* SPDX-License-Identifier: Apache-2.0 */
/* Real FIFOs, the test being both the client and the process. */
#include "shim/io/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/path.h"
#include "libutil/strbuf.h"

struct stage {
	char dir[64];
	char in[96], out[96], err[96];
	struct loop loop;
	struct streams s;
	int stdio[3];
	int ready, drained;
	struct err why;
};

static void on_ready(void *ctx, const struct err *why)
{
	struct stage *st = ctx;

	st->ready++;
	if (why)
		st->why = *why;
}

static void on_drained(void *ctx)
{
	((struct stage *)ctx)->drained++;
}

static const struct streams_front front = { .ready = on_ready, .drained = on_drained };

static int set_up(void **state)
{
	struct stage *st = calloc(1, sizeof(*st));

	assert_non_null(st);
	(void)snprintf(st->dir, sizeof(st->dir), "/tmp/test-streams-XXXXXX");
	assert_non_null(mkdtemp(st->dir));
	(void)snprintf(st->in, sizeof(st->in), "%s/in", st->dir);
	(void)snprintf(st->out, sizeof(st->out), "%s/out", st->dir);
	(void)snprintf(st->err, sizeof(st->err), "%s/err", st->dir);
	assert_int_equal(mkfifo(st->in, 0700), 0);
	assert_int_equal(mkfifo(st->out, 0700), 0);
	assert_int_equal(mkfifo(st->err, 0700), 0);
	assert_int_equal(loop_init(&st->loop, NULL), 0);
	streams_init(&st->s, &st->loop, &front, st);
	st->s.linger_ms = 100;
	for (int i = 0; i < 3; i++)
		st->stdio[i] = -1;
	*state = st;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *st = *state;

	streams_done(&st->s);
	loop_done(&st->loop);
	for (int i = 0; i < 3; i++)
		if (st->stdio[i] >= 0)
			(void)close(st->stdio[i]);
	(void)dir_remove_all_at(AT_FDCWD, st->dir, NULL);
	free(st);
	return 0;
}

static void turn(struct stage *st, int times)
{
	for (int i = 0; i < times; i++)
		assert_true(loop_once(&st->loop, 0, NULL) >= 0);
}

static void turn_until(struct stage *st, const int *flag)
{
	for (int i = 0; i < 100 && !*flag; i++)
		assert_true(loop_once(&st->loop, 100, NULL) >= 0);
	assert_true(*flag);
}

static void open_streams(struct stage *st, bool direct, bool with_input)
{
	struct streams_want want = {
		.in = with_input ? st->in : NULL,
		.out = st->out,
		.err = st->err,
		.direct = direct,
		.id = "c",
		.ns = "n",
	};

	assert_int_equal(streams_open(&st->s, &want, NULL), 1);
	streams_give(&st->s, st->stdio);
}

static int client(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void close_stdio(struct stage *st)
{
	for (int i = 0; i < 3; i++)
		if (st->stdio[i] >= 0)
			(void)close(st->stdio[i]);
	for (int i = 0; i < 3; i++)
		st->stdio[i] = -1;
}

static void put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* What can be read now; "EOF" at the end of file, "" when there is nothing. */
static const char *get(int fd)
{
	static char buf[256];
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	if (n == 0)
		return "EOF";
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static bool is_open_for_us(const char *path)
{
	autofd int writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	return writer >= 0;
}

static int count_fds(void)
{
	int n = 0;

	for (int i = 0; i < 256; i++)
		n += fcntl(i, F_GETFD) >= 0;
	return n;
}

/* ---- */

static void nothing_named_is_nothing_open(void **state)
{
	struct stage *st = *state;
	struct streams_want want = { .direct = true };
	int before = count_fds();

	assert_int_equal(streams_open(&st->s, &want, NULL), 1);
	streams_give(&st->s, st->stdio);
	assert_int_equal(st->stdio[0] & st->stdio[1] & st->stdio[2], -1);
	assert_int_equal(count_fds(), before);
}

static void opening_waits_for_no_client(void **state)
{
	struct stage *st = *state;
	int before = count_fds();

	open_streams(st, false, true);
	assert_true(st->stdio[0] >= 0 && st->stdio[1] >= 0 && st->stdio[2] >= 0);
	close_stdio(st);
	streams_done(&st->s);
	assert_int_equal(count_fds(), before);
}

static void a_first_process_gets_the_fifos_themselves(void **state)
{
	struct stage *st = *state;
	struct stat of_fd, of_path;

	open_streams(st, true, true);
	assert_int_equal(fstat(st->stdio[1], &of_fd), 0);
	assert_int_equal(stat(st->out, &of_path), 0);
	assert_int_equal(of_fd.st_ino, of_path.st_ino);
	assert_int_equal(fcntl(st->stdio[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(st->stdio[1], F_GETFL) & O_NONBLOCK, 0);
}

static void output_and_errors_arrive_apart(void **state)
{
	for (int direct = 0; direct < 2; direct++) {
		struct stage *st = *state;
		autofd int out = client(st->out, O_RDONLY), err = client(st->err, O_RDONLY);

		open_streams(st, direct, false);
		put(st->stdio[1], "to out");
		put(st->stdio[2], "to err");
		turn(st, 4);
		assert_string_equal(get(out), "to out");
		assert_string_equal(get(err), "to err");
		close_stdio(st);
		streams_ended(&st->s);
		assert_int_equal(st->drained, 1);
		assert_string_equal(get(out), "EOF");
		assert_string_equal(get(err), "EOF");
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void a_client_that_goes_away_breaks_nothing(void **state)
{
	for (int direct = 0; direct < 2; direct++) {
		struct stage *st = *state;
		int out = client(st->out, O_RDONLY);

		open_streams(st, direct, false);
		(void)close(out);
		put(st->stdio[1], "kept");
		turn(st, 4);
		out = client(st->out, O_RDONLY);
		assert_string_equal(get(out), "kept");
		(void)close(out);
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void output_before_the_end_waits_for_a_late_client(void **state)
{
	for (int direct = 0; direct < 2; direct++) {
		struct stage *st = *state;
		autofd int out = -1;

		open_streams(st, direct, false);
		put(st->stdio[1], "early");
		close_stdio(st);
		streams_ended(&st->s);
		assert_int_equal(st->drained, 0);
		out = client(st->out, O_RDONLY);
		turn_until(st, &st->drained);
		assert_string_equal(get(out), "early");
		assert_string_equal(get(out), "EOF");
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void a_client_that_never_comes_is_not_waited_for_long(void **state)
{
	struct stage *st = *state;
	autofd int out = -1;

	open_streams(st, true, false);
	put(st->stdio[1], "early");
	close_stdio(st);
	streams_ended(&st->s);
	turn_until(st, &st->drained);
	/* Until the task is deleted it may still fetch it. */
	out = client(st->out, O_RDONLY);
	turn(st, 2);
	assert_string_equal(get(out), "early");
	assert_string_equal(get(out), "EOF");
	assert_int_equal(st->drained, 1);
	streams_done(&st->s);
	assert_false(is_open_for_us(st->err));
}

static void what_a_client_that_went_left_is_there_for_the_next(void **state)
{
	struct stage *st = *state;
	int out = client(st->out, O_RDONLY);

	open_streams(st, true, false);
	(void)close(out);
	put(st->stdio[1], "late");
	close_stdio(st);
	streams_ended(&st->s);
	assert_int_equal(st->drained, 1); /* nobody is waited for */
	out = client(st->out, O_RDONLY);
	turn(st, 2);
	assert_string_equal(get(out), "late");
	assert_string_equal(get(out), "EOF");
	assert_int_equal(st->drained, 1);
	(void)close(out);
}

static void a_slow_client_still_gets_all(void **state)
{
	struct stage *st = *state;
	autofd int out = client(st->out, O_RDONLY);
	size_t written = 0, got = 0;
	ssize_t n;
	char buf[4096];

	open_streams(st, false, false);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(fcntl(st->stdio[1], F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < 200; i++) {
		n = write(st->stdio[1], buf, sizeof(buf));
		written += n > 0 ? (size_t)n : 0;
		turn(st, 1);
	}
	assert_true(written > 100000); /* one FIFO and one pipe are full */
	close_stdio(st);
	streams_ended(&st->s);
	assert_int_equal(st->drained, 1);
	while ((n = read(out, buf, sizeof(buf))) > 0)
		got += (size_t)n;
	assert_int_equal(n, 0);
	assert_int_equal(got, written);
}

static void who_holds_the_output_after_the_end_is_given_up(void **state)
{
	struct stage *st = *state;
	autofd int out = client(st->out, O_RDONLY);

	open_streams(st, false, false);
	put(st->stdio[1], "last words");
	streams_ended(&st->s); /* with stdio[] open: somebody lives on */
	assert_int_equal(st->drained, 0);
	assert_string_equal(get(out), "last words");
	put(st->stdio[1], "more");
	turn(st, 2);
	assert_string_equal(get(out), "more");
	turn_until(st, &st->drained);
	assert_string_equal(get(out), "EOF");
}

static void input_ends_when_both_have_closed_it(void **state)
{
	for (int direct = 0; direct < 2; direct++) {
		struct stage *st = *state;
		int in;

		open_streams(st, direct, true);
		in = client(st->in, O_WRONLY);
		put(in, "one");
		(void)close(in);
		turn(st, 4);
		assert_int_equal(fcntl(st->stdio[0], F_SETFL, O_NONBLOCK), 0);
		assert_string_equal(get(st->stdio[0]), "one");
		assert_string_equal(get(st->stdio[0]), "");
		in = client(st->in, O_WRONLY); /* another client */
		put(in, "two");
		streams_close_input(&st->s);
		turn(st, 4);
		assert_string_equal(get(st->stdio[0]), "two");
		assert_string_equal(get(st->stdio[0]), "");
		(void)close(in);
		turn(st, 4);
		assert_string_equal(get(st->stdio[0]), "EOF");
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void one_name_for_both_outputs_keeps_their_order(void **state)
{
	for (int direct = 0; direct < 2; direct++) {
		struct stage *st = *state;
		struct streams_want want = { .out = st->out, .err = st->out, .direct = direct };
		autofd int out = client(st->out, O_RDONLY);

		assert_int_equal(streams_open(&st->s, &want, NULL), 1);
		streams_give(&st->s, st->stdio);
		put(st->stdio[1], "1");
		put(st->stdio[2], "2");
		put(st->stdio[1], "3");
		turn(st, 4);
		assert_string_equal(get(out), "123");
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void a_file_gets_both_outputs_with_its_parents(void **state)
{
	struct stage *st = *state;
	char uri[128], text[16] = "";
	struct streams_want want = { .out = uri, .err = uri };
	autofd int fd = -1;

	(void)snprintf(uri, sizeof(uri), "file://%s/a/b/log", st->dir);
	assert_int_equal(streams_open(&st->s, &want, NULL), 1);
	streams_give(&st->s, st->stdio);
	put(st->stdio[1], "o");
	put(st->stdio[2], "e");
	fd = open(uri + strlen("file://"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 2);
	assert_string_equal(text, "oe");
	close_stdio(st);
	streams_ended(&st->s);
	assert_int_equal(st->drained, 1);
}

static void a_plain_file_is_appended_to(void **state)
{
	struct stage *st = *state;
	char path[128], text[16] = "";
	struct streams_want want = { .out = path };
	autofd int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/plain", st->dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	put(fd, "old ");
	assert_int_equal(streams_open(&st->s, &want, NULL), 1);
	streams_give(&st->s, st->stdio);
	put(st->stdio[1], "new");
	assert_int_equal(pread(fd, text, sizeof(text), 0), 7);
	assert_string_equal(text, "old new");
}

static void a_missing_fifo_is_named(void **state)
{
	struct stage *st = *state;
	struct streams_want want = { .in = st->in, .out = "/no/such" };
	struct err e = { 0 };
	int before = count_fds();

	assert_int_equal(streams_open(&st->s, &want, &e), -ENOENT);
	assert_string_equal(e.msg, "stream '/no/such': No such file or directory");
	assert_int_equal(count_fds(), before);
}

/* ---- loggers ---- */

static void write_script(const struct stage *st, const char *text, char uri[128])
{
	autofree char *path = path_join(st->dir, "logger");
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);

	put(fd, "#!/bin/sh\n");
	put(fd, text);
	(void)snprintf(uri, 128, "binary://%s?log=%s/log", path, st->dir);
}

static void read_log(const struct stage *st, char *text, size_t size)
{
	autofree char *path = path_join(st->dir, "log");
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
}

static void a_logger_reads_to_the_end(void **state)
{
	struct stage *st = *state;
	char uri[128], text[128];
	struct streams_want want = { .out = uri, .err = uri, .id = "c", .ns = "n" };

	write_script(
		st,
		"exec 5>&-; { echo $CONTAINER_ID $CONTAINER_NAMESPACE $1; cat <&3; cat <&4; } >$2\n",
		uri);
	assert_int_equal(streams_open(&st->s, &want, NULL), 0);
	turn_until(st, &st->ready);
	assert_int_equal(st->why.code, 0);
	streams_give(&st->s, st->stdio);
	put(st->stdio[1], "out\n");
	put(st->stdio[2], "err\n");
	close_stdio(st);
	streams_ended(&st->s);
	turn_until(st, &st->drained);
	assert_int_equal(st->s.logger.pid, 0);
	read_log(st, text, sizeof(text));
	assert_string_equal(text, "c n log\nout\nerr\n");
}

static void a_logger_that_does_not_end_is_ended(void **state)
{
	struct stage *st = *state;
	char uri[128];
	struct streams_want want = { .out = uri, .id = "c", .ns = "n" };

	write_script(st, "trap '' TERM; exec 5>&-; while :; do sleep 1; done\n", uri);
	st->s.logger.term_in = 10;
	st->s.logger.kill_in = 50;
	assert_int_equal(streams_open(&st->s, &want, NULL), 0);
	turn_until(st, &st->ready);
	streams_ended(&st->s);
	assert_int_equal(st->drained, 0);
	turn_until(st, &st->drained);
	assert_int_equal(st->s.logger.pid, 0);
}

static void a_logger_that_is_never_ready_is_reported(void **state)
{
	struct stage *st = *state;
	char uri[128];
	struct streams_want want = { .out = uri, .id = "c", .ns = "n" };

	write_script(st, "sleep 100 </dev/null; :\n", uri);
	st->s.logger.ready_in = 1000;
	assert_int_equal(streams_open(&st->s, &want, NULL), 0);
	turn_until(st, &st->ready);
	assert_string_equal(st->why.msg, "the logger did not say within 1 s that it is ready");
}

/* ---- terminal ---- */

static int open_terminal(struct stage *st, int *ret_slave)
{
	struct streams_want want = { .in = st->in, .out = st->out, .terminal = true };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios attr;

	assert_true(master >= 0);
	assert_int_equal(unlockpt(master), 0);
	*ret_slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_equal(tcgetattr(*ret_slave, &attr), 0);
	cfmakeraw(&attr);
	assert_int_equal(tcsetattr(*ret_slave, TCSANOW, &attr), 0);
	assert_int_equal(streams_open(&st->s, &want, NULL), 1);
	assert_int_equal(streams_terminal(&st->s, master, NULL), 0);
	return master;
}

static void a_terminal_is_copied_both_ways(void **state)
{
	struct stage *st = *state;
	autofd int slave = -1, out = client(st->out, O_RDONLY), in = -1;
	char buf[16] = "";

	(void)open_terminal(st, &slave);
	in = client(st->in, O_WRONLY);
	put(slave, "prompt");
	put(in, "typed");
	turn(st, 8);
	assert_string_equal(get(out), "prompt");
	assert_int_equal(read(slave, buf, sizeof(buf)), 5);
	assert_string_equal(buf, "typed");
}

static void a_terminals_last_words_are_not_lost(void **state)
{
	struct stage *st = *state;
	autofd int out = client(st->out, O_RDONLY);
	int slave = -1;
	size_t got = 0;
	ssize_t n;
	char buf[4096];

	(void)open_terminal(st, &slave);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(write(slave, buf, 3000), 3000);
	(void)close(slave);
	streams_ended(&st->s);
	turn_until(st, &st->drained);
	while ((n = read(out, buf, sizeof(buf))) > 0)
		got += (size_t)n;
	assert_int_equal(got, 3000);
}

static void a_slow_client_still_gets_all_of_a_terminal(void **state)
{
	struct stage *st = *state;
	autofd int out = client(st->out, O_RDONLY);
	size_t written = 0, got = 0;
	int slave = -1;
	ssize_t n;
	char buf[4096];

	(void)open_terminal(st, &slave);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(fcntl(slave, F_SETFL, O_NONBLOCK), 0);
	for (int idle = 0; idle < 20;) {
		n = write(slave, buf, sizeof(buf));
		idle = n > 0 ? 0 : idle + 1;
		written += n > 0 ? (size_t)n : 0;
		assert_true(loop_once(&st->loop, 5, NULL) >= 0);
	}
	assert_true(written > 65536); /* more than the FIFO takes */
	(void)close(slave);
	st->s.linger_ms = 60000;
	streams_ended(&st->s);
	turn_until(st, &st->drained);
	while ((n = read(out, buf, sizeof(buf))) > 0)
		got += (size_t)n;
	assert_int_equal(n, 0);
	assert_int_equal(got, written);
}

static void a_size_that_comes_early_is_kept(void **state)
{
	struct stage *st = *state;
	struct winsize ws = { 0 };
	autofd int slave = -1;

	assert_int_equal(streams_resize(&st->s, 33, 44, NULL), 0);
	(void)open_terminal(st, &slave);
	assert_int_equal(ioctl(slave, TIOCGWINSZ, &ws), 0);
	assert_int_equal(ws.ws_row, 33);
	assert_int_equal(ws.ws_col, 44);
	assert_int_equal(streams_resize(&st->s, 10, 20, NULL), 0);
	assert_int_equal(ioctl(slave, TIOCGWINSZ, &ws), 0);
	assert_int_equal(ws.ws_row, 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_named_is_nothing_open),
		TEST(opening_waits_for_no_client),
		TEST(a_first_process_gets_the_fifos_themselves),
		TEST(output_and_errors_arrive_apart),
		TEST(a_client_that_goes_away_breaks_nothing),
		TEST(output_before_the_end_waits_for_a_late_client),
		TEST(a_client_that_never_comes_is_not_waited_for_long),
		TEST(what_a_client_that_went_left_is_there_for_the_next),
		TEST(a_slow_client_still_gets_all),
		TEST(who_holds_the_output_after_the_end_is_given_up),
		TEST(input_ends_when_both_have_closed_it),
		TEST(one_name_for_both_outputs_keeps_their_order),
		TEST(a_file_gets_both_outputs_with_its_parents),
		TEST(a_plain_file_is_appended_to),
		TEST(a_missing_fifo_is_named),
		TEST(a_logger_reads_to_the_end),
		TEST(a_logger_that_does_not_end_is_ended),
		TEST(a_logger_that_is_never_ready_is_reported),
		TEST(a_terminal_is_copied_both_ways),
		TEST(a_terminals_last_words_are_not_lost),
		TEST(a_slow_client_still_gets_all_of_a_terminal),
		TEST(a_size_that_comes_early_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
