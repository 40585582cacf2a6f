/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/utf8.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/macro.h"

struct row {
	const char *text;
	size_t length;
};

static void characters_have_one_to_four_bytes(void **state UNUSED)
{
	static const struct row good[] = {
		{ "a", 1 },
		{ "\x7f", 1 },
		{ "\xc2\x80", 2 },
		{ "\xdf\xbf", 2 },
		{ "\xe0\xa0\x80", 3 },
		{ "\xed\x9f\xbf", 3 },
		{ "\xee\x80\x80", 3 },
		{ "\xef\xbf\xbf", 3 },
		{ "\xf0\x90\x80\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(utf8_length(good[i].text, strlen(good[i].text)), good[i].length);
}

static void what_rfc_3629_forbids_is_no_character(void **state UNUSED)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80", /* overlong NUL */
		"\xc1\xbf",
		"\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf", /* overlong */
		"\xed\xa0\x80",
		"\xed\xbf\xbf", /* surrogates */
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xfe", /* beyond Unicode */
		"\xc2",
		"\xc2"
		"a",
		"\xe1\x80",
		"\xe1\x80"
		"a",
		"\xf1\x80\x80",
		"\xf1\x80\x80"
		"a",
		"\xe1\x80\xc0",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(utf8_length(bad[i], strlen(bad[i])), 0);
	assert_int_equal(utf8_length("", 0), 0);
}

/* A bad byte at each place of a text, so that no eight-byte step skips it. */
static void the_span_ends_at_the_first_bad_byte(void **state UNUSED)
{
	char text[67];

	for (size_t bad = 0; bad < sizeof(text); bad++) {
		memset(text, 'a', sizeof(text));
		text[bad] = '\xff';
		assert_int_equal(utf8_span(text, sizeof(text)), bad);
	}
	memset(text, 'a', sizeof(text));
	assert_int_equal(utf8_span(text, sizeof(text)), sizeof(text));
	memcpy(text + 40, "\xf0\x9f\x98\x80", 4);
	assert_int_equal(utf8_span(text, sizeof(text)), sizeof(text));
	assert_int_equal(utf8_span(text, 42), 40);
	assert_int_equal(utf8_span(text, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_have_one_to_four_bytes),
		cmocka_unit_test(what_rfc_3629_forbids_is_no_character),
		cmocka_unit_test(the_span_ends_at_the_first_bad_byte),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
