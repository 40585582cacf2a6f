/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/ttrpc/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/macro.h"
#include "shim/ttrpc/message.h"

static void a_header_is_big_endian(void **state UNUSED)
{
	static const uint8_t raw[] = { 0, 1, 2, 3, 0x80, 0, 0, 5, 1, 2 };
	uint8_t again[TTRPC_HEADER_SIZE];
	struct ttrpc_header h;

	ttrpc_header_read(raw, &h);
	assert_int_equal(h.length, 0x00010203);
	assert_int_equal(h.stream, 0x80000005);
	assert_int_equal(h.type, TTRPC_REQUEST);
	assert_int_equal(h.flags, TTRPC_REMOTE_OPEN);
	ttrpc_header_write(again, &h);
	assert_memory_equal(again, raw, sizeof(raw));
}

/* Returns the code of the refusal; -1: served, -2: ignored. */
static int judged(struct ttrpc_header h, uint32_t *last)
{
	struct ttrpc_refusal why = { 0 };

	switch (ttrpc_judge(&h, last, &why)) {
	case TTRPC_SERVE:
		return -1;
	case TTRPC_IGNORE:
		return -2;
	case TTRPC_REFUSE:
		break;
	}
	assert_non_null(why.text);
	return why.code;
}

static void streams_are_odd_and_ascend(void **state UNUSED)
{
	uint32_t last = 0;

	assert_int_equal(judged((struct ttrpc_header){ .stream = 1, .type = 1 }, &last), -1);
	assert_int_equal(judged((struct ttrpc_header){ .stream = 1, .type = 1 }, &last),
			 TTRPC_INVALID_ARGUMENT);
	assert_int_equal(judged((struct ttrpc_header){ .stream = 4, .type = 1 }, &last),
			 TTRPC_INVALID_ARGUMENT);
	assert_int_equal(judged((struct ttrpc_header){ .stream = 0, .type = 1 }, &last),
			 TTRPC_INVALID_ARGUMENT);
	/* Gaps are nobody's business. */
	assert_int_equal(judged((struct ttrpc_header){ .stream = 9, .type = 1 }, &last), -1);
	assert_int_equal(last, 9);
	assert_int_equal(judged((struct ttrpc_header){ .stream = 7, .type = 1 }, &last),
			 TTRPC_INVALID_ARGUMENT);
	assert_int_equal(judged((struct ttrpc_header){ .stream = UINT32_MAX, .type = 1 }, &last),
			 -1);
}

static void frames_of_unknown_types_are_ignored(void **state UNUSED)
{
	uint32_t last = 0;

	assert_int_equal(judged((struct ttrpc_header){ .stream = 1, .type = 9 }, &last), -2);
	assert_int_equal(judged((struct ttrpc_header){ .stream = 2, .type = 0 }, &last), -2);
	assert_int_equal(
		judged((struct ttrpc_header){ .stream = 1, .type = TTRPC_RESPONSE }, &last), -2);
	assert_int_equal(last, 0);
}

static void too_much_data_is_refused_and_leaves_the_stream_unused(void **state UNUSED)
{
	struct ttrpc_header h = { .length = TTRPC_DATA_MAX + 1, .stream = 1, .type = 1 };
	uint32_t last = 0;

	assert_int_equal(judged(h, &last), TTRPC_RESOURCE_EXHAUSTED);
	h.length = TTRPC_DATA_MAX;
	assert_int_equal(judged(h, &last), -1);
}

static void streaming_calls_are_refused(void **state UNUSED)
{
	struct ttrpc_header h = { .stream = 1, .type = 1, .flags = TTRPC_REMOTE_OPEN };
	uint32_t last = 0;

	assert_int_equal(judged(h, &last), TTRPC_UNIMPLEMENTED);
	assert_int_equal(judged((struct ttrpc_header){ .stream = 1, .type = TTRPC_DATA }, &last),
			 TTRPC_INVALID_ARGUMENT);
}

static void a_frame_beyond_the_limit_is_not_appended(void **state UNUSED)
{
	autofree uint8_t *big = xcalloc(1, TTRPC_DATA_MAX);
	auto_(strbuf) struct strbuf out = { 0 };
	struct ttrpc_response r = { .payload = { big, TTRPC_DATA_MAX } };

	strbuf_adds(&out, "before");
	assert_false(ttrpc_add_frame(&out, TTRPC_RESPONSE, 1, &ttrpc_response_message, &r));
	assert_int_equal(out.len, 6);
	r.payload.len = TTRPC_DATA_MAX - 5;
	assert_true(ttrpc_add_frame(&out, TTRPC_RESPONSE, 1, &ttrpc_response_message, &r));
	assert_int_equal(out.len, 6 + TTRPC_HEADER_SIZE + TTRPC_DATA_MAX);
}

static void codes_have_names(void **state UNUSED)
{
	assert_string_equal(ttrpc_code_name(5), "not found");
	assert_string_equal(ttrpc_code_name(7), "unknown");
	assert_string_equal(ttrpc_code_name(-1), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_big_endian),
		cmocka_unit_test(streams_are_odd_and_ascend),
		cmocka_unit_test(frames_of_unknown_types_are_ignored),
		cmocka_unit_test(too_much_data_is_refused_and_leaves_the_stream_unused),
		cmocka_unit_test(streaming_calls_are_refused),
		cmocka_unit_test(a_frame_beyond_the_limit_is_not_appended),
		cmocka_unit_test(codes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
