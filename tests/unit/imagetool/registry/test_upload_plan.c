/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/registry/upload_internal.h"
#include "libutil/alloc.h"

static void a_range_says_how_much_arrived(void **state UNUSED)
{
	static const struct {
		const char *text;
		int64_t arrived;
	} rows[] = {
		{ "0-1023", 1024 },
		{ "bytes=0-1023", 1024 },
		{ "bytes 0-9", 10 },
		/* What registries say of an upload that has nothing yet. */
		{ "0-0", 0 },
	};
	int64_t arrived;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(upload_range(rows[i].text, &arrived), 0);
		assert_int_equal(arrived, rows[i].arrived);
	}
}

static void a_range_that_is_none_is_refused(void **state UNUSED)
{
	static const char *const bad[] = { NULL,    "",       "5",     "5-9",
					   "0-",    "-5",     "0--5",  "0-9223372036854775807",
					   "0-9/9", "a-b",    "bytes", "0-99999999999999999999",
					   "0x0-9", "0-9, 4", "-0-9" };
	int64_t arrived = 7;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(upload_range(bad[i], &arrived), -EINVAL);
	assert_int_equal(arrived, 7);
}

static void a_part_is_what_is_left_or_a_chunk_and_never_below_the_minimum(void **state UNUSED)
{
	assert_int_equal(upload_part(1000, 0, 0), 1000);
	assert_int_equal(upload_part(1000, 300, 0), 300);
	assert_int_equal(upload_part(200, 300, 0), 200);
	assert_int_equal(upload_part(1000, 300, 500), 500);
	assert_int_equal(upload_part(400, 300, 500), 400);
	/* A minimum is no reason to cut what may go whole. */
	assert_int_equal(upload_part(1000, 0, 500), 1000);
}

static void what_is_too_large_becomes_smaller_until_it_cannot(void **state UNUSED)
{
	int64_t part = (int64_t)1 << 30;
	int steps = 0;

	assert_int_equal(upload_smaller_chunk(part, 0), UPLOAD_CHUNK);
	for (; part > 0 && steps < 10; steps++)
		part = upload_smaller_chunk(part, 0);
	assert_int_equal(part, 0);
	assert_in_range(steps, 3, 6);
	assert_int_equal(upload_smaller_chunk(UPLOAD_CHUNK, UPLOAD_CHUNK), 0);
	assert_int_equal(upload_smaller_chunk(1000, 0), 0);
}

static void a_session_is_read_back(void **state UNUSED)
{
	static const char key[] = "https://r/\"x@sha256:1";
	auto_(strbuf) struct strbuf text = { 0 };
	autofree char *location = NULL;

	upload_session_encode(key, "https://r/v2/x?_state=a%2F", &text);
	assert_int_equal(upload_session_decode(text.data, text.len, key, &location, NULL), 0);
	assert_string_equal(location, "https://r/v2/x?_state=a%2F");
}

static void a_session_of_something_else_or_torn_is_none(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };
	char *location = NULL;

	upload_session_encode("a", "https://r/x", &text);
	assert_true(upload_session_decode(text.data, text.len, "b", &location, NULL) < 0);
	for (size_t len = 0; len < text.len; len++)
		assert_true(upload_session_decode(text.data, len, "a", &location, NULL) < 0);
	strbuf_truncate(&text, 0);
	upload_session_encode("a", "file:///etc/passwd", &text);
	assert_true(upload_session_decode(text.data, text.len, "a", &location, NULL) < 0);
	assert_null(location);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_says_how_much_arrived),
		cmocka_unit_test(a_range_that_is_none_is_refused),
		cmocka_unit_test(a_part_is_what_is_left_or_a_chunk_and_never_below_the_minimum),
		cmocka_unit_test(what_is_too_large_becomes_smaller_until_it_cannot),
		cmocka_unit_test(a_session_is_read_back),
		cmocka_unit_test(a_session_of_something_else_or_torn_is_none),
	};

	return cmocka_run_group_tests_name("upload_plan", tests, NULL, NULL);
}
