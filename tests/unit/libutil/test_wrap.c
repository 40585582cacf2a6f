/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const char *text, int column, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };

	wrap_text(&out, text, column);
	assert_string_equal(strbuf_str(&out), want);
}

static void short_texts_stay_on_their_line(void **state UNUSED)
{
	expect("", 4, "\n");
	expect("hello world", 4, "hello world\n");
}

static void lines_end_before_column_80(void **state UNUSED)
{
	expect("aaaaaaaaa bbbbbbbbb ccccccccc", 60,
	       "aaaaaaaaa bbbbbbbbb\n"
	       "                                        "
	       "                    ccccccccc\n");
	/* Exactly full, and one too many. */
	expect("aaaaa bbbb", 70, "aaaaa bbbb\n");
	expect("aaaaa bbbbb", 70,
	       "aaaaa\n                                        "
	       "                              bbbbb\n");
}

static void a_word_that_fits_nowhere_is_not_cut(void **state UNUSED)
{
	expect("a bbbbbbbbbbbbbbbbbbbb c", 76,
	       "a\n                                        "
	       "                                    bbbbbbbbbbbbbbbbbbbb\n"
	       "                                        "
	       "                                    c\n");
}

static void paragraphs_and_indented_lines_keep_their_shape(void **state UNUSED)
{
	expect("one\ntwo\n\n  kept   as is\n  and this\nthree", 2,
	       "one two\n\n    kept   as is\n    and this\n  three\n");
}

static void characters_count_not_bytes(void **state UNUSED)
{
	assert_int_equal(wrap_columns("\xc3\xa4\xe2\x82\xac", 5), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_texts_stay_on_their_line),
		cmocka_unit_test(lines_end_before_column_80),
		cmocka_unit_test(a_word_that_fits_nowhere_is_not_cut),
		cmocka_unit_test(paragraphs_and_indented_lines_keep_their_shape),
		cmocka_unit_test(characters_count_not_bytes),
	};

	return cmocka_run_group_tests_name("wrap", tests, NULL, NULL);
}
