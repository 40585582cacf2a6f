/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/backlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void what_was_added_is_there_in_order_with_its_stream(void **state UNUSED)
{
	struct backlog b = { 0 };
	struct backlog_piece p;

	assert_true(backlog_is_empty(&b));
	backlog_add(&b, STREAM_STDOUT, "hello", 5);
	backlog_add(&b, STREAM_STDERR, "oops", 4);
	assert_true(backlog_at(&b, 2, &p));
	assert_int_equal(p.tag, STREAM_STDOUT);
	assert_int_equal(p.len, 3);
	assert_memory_equal(p.data, "llo", 3);
	assert_true(backlog_at(&b, 5, &p));
	assert_int_equal(p.tag, STREAM_STDERR);
	assert_memory_equal(p.data, "oops", 4);
	assert_false(backlog_at(&b, 9, &p));
	backlog_done(&b);
	assert_true(backlog_is_empty(&b));
}

static void a_piece_is_no_longer_than_a_frame(void **state UNUSED)
{
	static char big[STREAM_PIECE_MAX + 10];
	struct backlog b = { 0 };
	struct backlog_piece p;

	backlog_add(&b, STREAM_STDOUT, big, sizeof(big));
	assert_true(backlog_at(&b, 0, &p));
	assert_int_equal(p.len, STREAM_PIECE_MAX);
	assert_true(backlog_at(&b, STREAM_PIECE_MAX, &p));
	assert_int_equal(p.len, 10);
	backlog_done(&b);
}

static void positions_go_on_after_forgetting(void **state UNUSED)
{
	struct backlog b = { 0 };
	struct backlog_piece p;

	backlog_add(&b, STREAM_STDOUT, "one", 3);
	backlog_add(&b, STREAM_STDOUT, "two", 3);
	backlog_forget(&b, 4);
	assert_int_equal(b.begin, 3);
	assert_true(backlog_at(&b, 4, &p));
	assert_memory_equal(p.data, "wo", 2);
	backlog_forget(&b, 6);
	assert_true(backlog_is_empty(&b));
	backlog_add(&b, STREAM_STDOUT, "three", 5);
	assert_true(backlog_at(&b, 6, &p));
	assert_int_equal(p.len, 5);
	backlog_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_there_in_order_with_its_stream),
		cmocka_unit_test(a_piece_is_no_longer_than_a_frame),
		cmocka_unit_test(positions_go_on_after_forgetting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
