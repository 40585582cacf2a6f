/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/ctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"

/* The number of sizes in a text; *last is the last of them. */
static int sizes(const char *text, struct ctl_size *last)
{
	struct ctl c = { 0 };
	int n = 0;

	for (const char *p = text; *p; p++)
		n += ctl_feed(&c, *p, last);
	return n;
}

static void a_line_gives_a_size(void **state UNUSED)
{
	struct ctl_size s = { 0 };

	assert_int_equal(sizes("1 24 80\n", &s), 1);
	assert_int_equal(s.rows, 24);
	assert_int_equal(s.cols, 80);
}

static void of_several_lines_each_counts(void **state UNUSED)
{
	struct ctl_size s = { 0 };

	assert_int_equal(sizes("1 24 80\n1 50 132\n1 1", &s), 2);
	assert_int_equal(s.rows, 50);
}

static void other_lines_are_dropped_and_do_not_spoil_the_next(void **state UNUSED)
{
	struct ctl_size s = { 0 };

	assert_int_equal(sizes("2 0 0\n\n1 24\n1 a b\n1 -1 5\n1 70000 5\nx\n", &s), 0);
	assert_int_equal(sizes("11111111111111111111111111111111111111111111111111111111111111111"
			       "1111111111111111111 24 80\n1 3 4\n",
			       &s),
			 1);
	assert_int_equal(s.rows, 3);
	assert_int_equal(s.cols, 4);
}

static void what_is_written_is_read(void **state UNUSED)
{
	char line[CTL_LINE_MAX];
	struct ctl_size s = { 0 };

	assert_int_equal(ctl_write(line, (struct ctl_size){ 65535, 7 }), 10);
	assert_int_equal(sizes(line, &s), 1);
	assert_int_equal(s.rows, 65535);
	assert_int_equal(s.cols, 7);
}

static void a_reopening_is_an_order_of_its_own(void **state UNUSED)
{
	struct ctl c = { 0 };
	struct ctl_size s = { 1, 1 };
	enum ctl_order last = CTL_NOTHING;

	for (const char *p = "2 0 0\n"; *p; p++)
		last = ctl_take(&c, *p, &s);
	assert_int_equal(last, CTL_REOPEN);
	assert_int_equal(s.rows, 1);
}

static void conmons_liberties_are_taken(void **state UNUSED)
{
	struct ctl_size s = { 0 };

	assert_int_equal(sizes("1 2 3 4\n", &s), 1);
	assert_int_equal(s.rows, 2);
	assert_int_equal(s.cols, 3);
	assert_int_equal(sizes("1 0010 0020\n", &s), 1);
	assert_int_equal(s.rows, 10);
	assert_int_equal(sizes("1 0x10 0x20\n1 10.5 20.3\n", &s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_gives_a_size),
		cmocka_unit_test(of_several_lines_each_counts),
		cmocka_unit_test(other_lines_are_dropped_and_do_not_spoil_the_next),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_reopening_is_an_order_of_its_own),
		cmocka_unit_test(conmons_liberties_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
