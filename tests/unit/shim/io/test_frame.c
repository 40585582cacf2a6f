/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void a_packet_is_a_tag_and_its_bytes(void **state UNUSED)
{
	struct frame f;

	assert_int_equal(frame_read("\3abc", 4, &f), 0);
	assert_int_equal(f.tag, FRAME_STDERR);
	assert_int_equal(f.len, 3);
	assert_memory_equal(f.data, "abc", 3);
	assert_int_equal(frame_read("\2", 1, &f), 0);
	assert_int_equal(f.tag, FRAME_STDOUT);
	assert_int_equal(f.len, 0);
}

static void empty_oversized_and_unknown_packets_are_refused(void **state UNUSED)
{
	static char big[FRAME_MAX + 1] = { FRAME_STDOUT };
	struct frame f;

	assert_int_equal(frame_read("", 0, &f), -EBADMSG);
	assert_int_equal(frame_read(big, FRAME_MAX, &f), 0);
	assert_int_equal(frame_read(big, sizeof(big), &f), -EBADMSG);
	assert_int_equal(frame_read("\0x", 2, &f), -EBADMSG);
	assert_int_equal(frame_read("\1x", 2, &f), -EBADMSG);
	assert_int_equal(frame_read("\5x", 2, &f), -EBADMSG);
	assert_int_equal(frame_read("\xffx", 2, &f), -EBADMSG);
}

static void round_trip(struct frame_behind b)
{
	char packet[FRAME_BEHIND_SIZE];
	size_t len = frame_write_behind(packet, &b);
	struct frame_behind back = { 0 };
	struct frame f;

	assert_true(len < sizeof(packet));
	assert_int_equal(frame_read(packet, len, &f), 0);
	assert_int_equal(f.tag, FRAME_BEHIND);
	assert_int_equal(frame_read_behind(&f, &back), 0);
	assert_int_equal(back.in_log, b.in_log);
	assert_int_equal(back.offset, b.offset);
	assert_int_equal(back.skip, b.skip);
	assert_int_equal(back.dev, b.dev);
	assert_int_equal(back.ino, b.ino);
	assert_int_equal(back.made_ns, b.made_ns);
}

static void a_notice_says_where_the_output_goes_on(void **state UNUSED)
{
	round_trip((struct frame_behind){ .in_log = true });
	round_trip((struct frame_behind){ .in_log = true, .offset = 1234567, .skip = 8192 });
	round_trip((struct frame_behind){ true, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
					  UINT64_MAX });
	round_trip((struct frame_behind){ true, 1, 2, 3, 4, 5 });
	round_trip((struct frame_behind){ .in_log = false });
}

static void a_malformed_notice_is_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"\4",
		"\4log",
		"\4log 1",
		"\4log 1 ",
		"\4log 1 2",
		"\4log 1 2 3 4",
		"\4log 1 2 3 4 5 ",
		"\4log 1 2 3 4 5 6",
		"\4log x 1 1 1 1",
		"\4log 1 1 1 1 x",
		"\4gap ",
		"\4log 1 2 3",
		"\4log -1 1 1 1 1",
		"\2log 1 1 1 1 1",
		"\4log 99999999999999999999 1 1 1 1",
	};
	struct frame_behind b;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct frame f;

		assert_int_equal(frame_read(bad[i], strlen(bad[i]), &f), 0);
		assert_int_equal(frame_read_behind(&f, &b), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_a_tag_and_its_bytes),
		cmocka_unit_test(empty_oversized_and_unknown_packets_are_refused),
		cmocka_unit_test(a_notice_says_where_the_output_goes_on),
		cmocka_unit_test(a_malformed_notice_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
