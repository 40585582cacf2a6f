/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void is_word(const char **at, const char *want)
{
	auto_(strbuf) struct strbuf word = { 0 };

	assert_true(csv_next(at, &word));
	assert_string_equal(strbuf_str(&word), want);
}

static void words_end_at_commas(void **state UNUSED)
{
	const char *at = "a=b,,\"c,\"\"d\"\"\",e";

	is_word(&at, "a=b");
	is_word(&at, "");
	is_word(&at, "c,\"d\"");
	is_word(&at, "e");
	assert_string_equal(at, "");
}

static void quotes_have_their_place(void **state UNUSED)
{
	static const char *const bad[] = { "\"open", "a\"b", "\"a\"b,c" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(strbuf) struct strbuf word = { 0 };
		const char *at = bad[i];

		assert_false(csv_next(&at, &word));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_end_at_commas),
		cmocka_unit_test(quotes_have_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
