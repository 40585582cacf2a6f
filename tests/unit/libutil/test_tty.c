/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct pty {
	int master, slave;
};

static void pty_open(struct pty *p)
{
	p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(p->master >= 0);
	assert_int_equal(grantpt(p->master), 0);
	assert_int_equal(unlockpt(p->master), 0);
	p->slave = open(ptsname(p->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(p->slave >= 0);
}

static void pty_close(struct pty *p)
{
	(void)close(p->master);
	(void)close(p->slave);
}

static void raw_mode_is_set_and_undone(void **state UNUSED)
{
	struct tty_saved saved;
	struct termios before, raw, after;
	struct pty p;

	pty_open(&p);
	assert_int_equal(tcgetattr(p.slave, &before), 0);
	assert_int_equal(tty_raw(p.slave, &saved, NULL), 0);
	assert_int_equal(saved.fd, p.slave);
	assert_int_equal(tcgetattr(p.slave, &raw), 0);
	assert_false(raw.c_lflag & (ICANON | ECHO | ISIG));
	assert_int_equal(raw.c_oflag, before.c_oflag);
	tty_restore(&saved);
	assert_int_equal(tcgetattr(p.slave, &after), 0);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_int_equal(saved.fd, -1);
	tty_restore(&saved);
	pty_close(&p);
}

static void what_is_no_terminal_is_left_alone(void **state UNUSED)
{
	struct tty_saved saved = { .fd = 5 };
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_int_equal(tty_raw(fd, &saved, NULL), 0);
	assert_int_equal(saved.fd, -1);
	tty_restore(&saved);
	(void)close(fd);
}

static void the_size_is_set_and_read(void **state UNUSED)
{
	unsigned short rows = 0, cols = 0;
	struct pty p;

	pty_open(&p);
	assert_int_equal(tty_set_size(p.master, 33, 111, NULL), 0);
	assert_int_equal(tty_get_size(p.slave, &rows, &cols, NULL), 0);
	assert_int_equal(rows, 33);
	assert_int_equal(cols, 111);
	pty_close(&p);
	assert_int_equal(tty_get_size(p.slave, &rows, &cols, NULL), -EBADF);
}

static void newlines_pass_as_written(void **state UNUSED)
{
	char buf[8] = "";
	struct pty p;

	pty_open(&p);
	assert_int_equal(tty_no_onlcr(p.master, NULL), 0);
	assert_int_equal(write(p.slave, "a\n", 2), 2);
	assert_int_equal(read(p.master, buf, sizeof(buf)), 2);
	assert_string_equal(buf, "a\n");
	pty_close(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_mode_is_set_and_undone),
		cmocka_unit_test(what_is_no_terminal_is_left_alone),
		cmocka_unit_test(the_size_is_set_and_read),
		cmocka_unit_test(newlines_pass_as_written),
	};

	return cmocka_run_group_tests_name("tty", tests, NULL, NULL);
}
