/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/sign/cbor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int parse(const char *data, size_t len, struct arena *a, struct cbor **ret)
{
	return cbor_parse(data, len, a, ret, NULL);
}
#define PARSE(text, a, ret) parse(text, sizeof(text) - 1, a, ret)

/* RFC 8949, appendix A */
static void numbers_of_the_rfc(void **state UNUSED)
{
	static const struct {
		const char *data;
		size_t len;
		int64_t value;
	} rows[] = {
		{ "\x00", 1, 0 },
		{ "\x17", 1, 23 },
		{ "\x18\x18", 2, 24 },
		{ "\x19\x03\xe8", 3, 1000 },
		{ "\x1a\x00\x0f\x42\x40", 5, 1000000 },
		{ "\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9, 1000000000000 },
		{ "\x20", 1, -1 },
		{ "\x38\x63", 2, -100 },
		{ "\x39\x03\xe7", 3, -1000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		auto_(strbuf) struct strbuf out = { 0 };
		struct cbor *c = NULL;

		assert_int_equal(parse(rows[i].data, rows[i].len, &a, &c), 0);
		assert_int_equal(c->kind, CBOR_INT);
		assert_int_equal(c->number, rows[i].value);
		cbor_head(&out, rows[i].value < 0,
			  (uint64_t)(rows[i].value < 0 ? -1 - rows[i].value : rows[i].value));
		assert_int_equal(out.len, rows[i].len);
		assert_memory_equal(out.data, rows[i].data, out.len);
	}
}

static void lists_maps_and_tags(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct cbor *c = NULL;

	/* {1: 2, "a": [h'01', "b", true], -1: 1(5)} */
	assert_int_equal(PARSE("\xa3\x01\x02\x61"
			       "a\x83\x41\x01\x61"
			       "b\xf5\x20\xc1\x05",
			       &a, &c),
			 0);
	assert_int_equal(cbor_get_number(c, 1)->number, 2);
	assert_int_equal(cbor_get_text(c, "a")->len, 3);
	assert_int_equal(cbor_get_text(c, "a")->items[0].data[0], 1);
	assert_int_equal(cbor_get_text(c, "a")->items[2].kind, CBOR_SIMPLE);
	assert_int_equal(cbor_get_number(c, -1)->kind, CBOR_TAG);
	assert_int_equal(cbor_get_number(c, -1)->items->number, 5);
	assert_null(cbor_get_text(c, "b"));
	assert_null(cbor_get_number(c, 7));
	assert_null(cbor_get_number(NULL, 7));
}

static void what_is_not_said_plainly_is_refused(void **state UNUSED)
{
	static const struct {
		const char *data;
		size_t len;
	} rows[] = {
		{ "", 0 },
		{ "\x00\x00", 2 }, /* bytes behind the end */
		{ "\x18\x17", 2 }, /* longer than needed */
		{ "\x19\x00\xff", 3 },
		{ "\x1a\x00\x00\xff\xff", 5 },
		{ "\x1b\x00\x00\x00\x00\xff\xff\xff\xff", 9 },
		{ "\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 9 }, /* too large for us */
		{ "\x19\x03", 2 },                             /* too early an end */
		{ "\x42\x01", 2 },
		{ "\x5f\x41\x01\xff", 4 }, /* lengths that are not said */
		{ "\x9f\xff", 2 },
		{ "\xbf\xff", 2 },
		{ "\x61\xff", 2 }, /* no UTF-8 */
		{ "\x82\x01", 2 },
		{ "\xa1\x01", 2 },
		{ "\xa2\x01\x02\x01\x03", 5 }, /* a name twice */
		{ "\xa1\x41\x01\x02", 4 },     /* a name of bytes */
		{ "\xf9\x3c\x00", 3 },         /* 1.0 */
		{ "\xf8\x20", 2 },
		{ "\x9b\x00\x00\x00\x01\x00\x00\x00\x00", 9 }, /* four thousand million items */
		{ "\xbb\x80\x00\x00\x00\x00\x00\x00\x00", 9 },
		{ "\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 9 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		struct cbor *c = NULL;

		if (parse(rows[i].data, rows[i].len, &a, &c) != -EBADMSG)
			fail_msg("row %zu is taken", i);
		assert_true(a.used < 65536);
	}
}

static void depth_has_an_end(void **state UNUSED)
{
	char deep[100];

	for (size_t n = 1; n < sizeof(deep); n++) {
		auto_(arena) struct arena a = { 0 };
		struct cbor *c = NULL;

		memset(deep, '\x81', n);
		deep[n] = 0;
		assert_int_equal(parse(deep, n + 1, &a, &c), n <= CBOR_DEPTH_MAX ? 0 : -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_the_rfc),
		cmocka_unit_test(lists_maps_and_tags),
		cmocka_unit_test(what_is_not_said_plainly_is_refused),
		cmocka_unit_test(depth_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
