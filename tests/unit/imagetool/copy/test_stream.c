/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/stream.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/errors.h"
#include "libutil/alloc.h"
#include "libutil/digest.h"

#define TEXT "some bytes of a blob"

static char digest[DIGEST_TEXT_SIZE];

static struct image_descriptor describe(int64_t size)
{
	digest_of(DIGEST_SHA256, TEXT, strlen(TEXT), digest);
	return (struct image_descriptor){ .digest = digest, .size = { true, size } };
}

static struct blob_stream *checked(const char *text, const struct image_descriptor *desc)
{
	return stream_checked(stream_of_text(xstrdup(text), strlen(text)), desc);
}

static void what_is_as_promised_passes(void **state UNUSED)
{
	const struct image_descriptor desc = describe(strlen(TEXT));
	auto_(blob_stream) struct blob_stream *s = checked(TEXT, &desc);
	autofree char *text = NULL;
	size_t len;

	assert_int_equal(stream_read_all(s, 100, &text, &len, NULL), 0);
	assert_string_equal(text, TEXT);
}

static int read_of(const char *text, int64_t size, struct err *e)
{
	const struct image_descriptor desc = describe(size);
	auto_(blob_stream) struct blob_stream *s = checked(text, &desc);
	autofree char *got = NULL;
	size_t len;

	return stream_read_all(s, 100, &got, &len, e);
}

static void more_less_and_other_bytes_are_refused(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(read_of(TEXT "x", strlen(TEXT), &e), -IMAGE_EVERIFY);
	assert_non_null(strstr(e.msg, "longer than"));
	assert_int_equal(read_of("short", strlen(TEXT), &e), -IMAGE_EVERIFY);
	assert_int_equal(read_of("some bytes of a blub", strlen(TEXT), &e), -IMAGE_EVERIFY);
	assert_non_null(strstr(e.msg, "another content"));
}

static void who_goes_back_is_checked_all_the_same(void **state UNUSED)
{
	const struct image_descriptor desc = describe(strlen(TEXT));
	auto_(blob_stream) struct blob_stream *s = checked(TEXT, &desc);
	char buf[64];

	assert_int_equal(s->read(s, buf, 10, NULL), 10);
	assert_int_equal(s->seek(s, 5, NULL), 0);
	assert_int_equal(s->read(s, buf, sizeof(buf), NULL), (int)strlen(TEXT) - 5);
	assert_memory_equal(buf, TEXT + 5, strlen(TEXT) - 5);
	assert_int_equal(s->read(s, buf, sizeof(buf), NULL), 0);
	assert_int_equal(s->seek(s, 0, NULL), 0);
	assert_int_equal(s->read(s, buf, 4, NULL), 4);
	assert_memory_equal(buf, "some", 4);
	assert_int_equal(s->seek(s, 100, NULL), -EINVAL);
}

static void a_document_has_a_largest_size(void **state UNUSED)
{
	auto_(blob_stream) struct blob_stream *s = stream_of_text(xstrdup(TEXT), strlen(TEXT));
	char *text = NULL;
	size_t len;

	assert_int_equal(stream_read_all(s, 5, &text, &len, NULL), -EFBIG);
	assert_null(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_as_promised_passes),
		cmocka_unit_test(more_less_and_other_bytes_are_refused),
		cmocka_unit_test(who_goes_back_is_checked_all_the_same),
		cmocka_unit_test(a_document_has_a_largest_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
