/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/strbuf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void text_is_added_in_all_forms(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };

	assert_string_equal(strbuf_str(&b), "");
	strbuf_adds(&b, "ab");
	strbuf_addc(&b, 'c');
	strbuf_add(&b, "d\0e", 3);
	strbuf_addf(&b, "%03d", 7);
	assert_int_equal(b.len, 9);
	assert_memory_equal(strbuf_str(&b), "abcd\0e007", 10);
	assert_int_equal(strbuf_check(&b, "text", NULL), 0);
}

static void formatted_text_grows_the_buffer(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };
	char text[500];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 10; i++)
		strbuf_addf(&b, "%s|", text);
	assert_int_equal(b.len, 10 * sizeof(text));
	assert_int_equal(strlen(b.data), b.len);
}

static void the_maximum_is_reachable_and_not_passed(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { .max = 5 };
	struct err e = { 0 };

	strbuf_adds(&b, "abcde");
	assert_int_equal(strbuf_check(&b, "the file", &e), 0);
	strbuf_addc(&b, 'f');
	assert_string_equal(strbuf_str(&b), "abcde");
	assert_int_equal(strbuf_check(&b, "the file", &e), -EMSGSIZE);
	assert_string_equal(e.msg, "the file is larger than 5 bytes");
}

static void a_text_that_does_not_fit_leaves_nothing_behind(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { .max = 5 };

	strbuf_adds(&b, "ab");
	strbuf_addf(&b, "%s", "cdefgh");
	assert_string_equal(strbuf_str(&b), "ab");
	assert_true(b.failed);
	/* And a later one that would fit does not make a text with a hole. */
	strbuf_adds(&b, "c");
	assert_string_equal(strbuf_str(&b), "ab");
}

static void without_a_maximum_the_default_holds(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };

	assert_null(strbuf_reserve(&b, STRBUF_DEFAULT_MAX + 1));
	assert_true(b.failed);
}

static void room_is_reserved_and_committed(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };
	char *to = strbuf_reserve(&b, 100);

	memcpy(to, "hello", 5);
	strbuf_commit(&b, 5);
	assert_string_equal(strbuf_str(&b), "hello");
}

static void text_is_dropped_from_both_ends(void **state UNUSED)
{
	auto_(strbuf) struct strbuf b = { 0 };

	strbuf_adds(&b, "abcdef");
	strbuf_truncate(&b, 4);
	strbuf_consume(&b, 1);
	assert_string_equal(strbuf_str(&b), "bcd");
	strbuf_consume(&b, 3);
	assert_string_equal(strbuf_str(&b), "");
	strbuf_consume(&b, 0);
}

static void the_text_changes_hands(void **state UNUSED)
{
	struct strbuf b = { .max = 9 };
	char *text;

	strbuf_adds(&b, "mine");
	text = strbuf_steal(&b);
	assert_string_equal(text, "mine");
	assert_null(b.data);
	assert_int_equal(b.max, 9);
	free(text);
	text = strbuf_steal(&b);
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_added_in_all_forms),
		cmocka_unit_test(formatted_text_grows_the_buffer),
		cmocka_unit_test(the_maximum_is_reachable_and_not_passed),
		cmocka_unit_test(a_text_that_does_not_fit_leaves_nothing_behind),
		cmocka_unit_test(without_a_maximum_the_default_holds),
		cmocka_unit_test(room_is_reserved_and_committed),
		cmocka_unit_test(text_is_dropped_from_both_ends),
		cmocka_unit_test(the_text_changes_hands),
	};

	return cmocka_run_group_tests_name("strbuf", tests, NULL, NULL);
}
