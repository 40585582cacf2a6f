/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/spdx_license.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <strings.h>

#include <cmocka.h>

#include "imagetool/attest/spdx_ids.h"
#include "libutil/macro.h"

static void the_lists_are_sorted(void **state UNUSED)
{
	for (size_t i = 1; i < ARRAY_LEN(spdx_licenses); i++)
		assert_true(strcasecmp(spdx_licenses[i - 1], spdx_licenses[i]) < 0);
	for (size_t i = 1; i < ARRAY_LEN(spdx_exceptions); i++)
		assert_true(strcasecmp(spdx_exceptions[i - 1], spdx_exceptions[i]) < 0);
}

static void an_expression_has_names_of_spdx_and_its_words(void **state UNUSED)
{
	static const char *const good[] = {
		"MIT",
		"mit",
		"GPL-2.0+",
		"MIT AND Zlib OR 0BSD",
		"(MIT OR (GPL-2.0-or-later WITH GCC-exception-3.1)) AND Zlib",
		"GPL-2.0-only WITH Classpath-exception-2.0 AND MIT",
	};
	static const char *const bad[] = {
		"",
		" ",
		"GPLv2+",
		"MIT and Zlib",
		"MIT Zlib",
		"MIT AND",
		"AND MIT",
		"(MIT",
		"MIT)",
		"()",
		"MIT (Zlib)",
		"(MIT) WITH GCC-exception-3.1",
		"MIT WITH Zlib",
		"MIT WITH GCC-exception-3.1 WITH GCC-exception-3.1",
		"MIT/Zlib",
		"+",
		"LicenseRef-x",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!spdx_is_expression(good[i]))
			fail_msg("'%s' is none", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (spdx_is_expression(bad[i]))
			fail_msg("'%s' is one", bad[i]);
}

static void ref_is(const char *text, const char *want)
{
	auto_(strbuf) struct strbuf ref = { 0 };

	spdx_license_ref(text, &ref);
	assert_string_equal(strbuf_str(&ref), want);
}

static void other_licenses_get_names_that_do_not_clash(void **state UNUSED)
{
	ref_is("GPLv2", "LicenseRef-GPLv2");
	ref_is("My own", "LicenseRef-My-own-69ba742adb9e");
	ref_is("My/own", "LicenseRef-My-own-35abcb482a13");
}

static void words_for_nothing_say_nothing(void **state UNUSED)
{
	assert_false(spdx_says_something("UNKNOWN"));
	assert_false(spdx_says_something("unknown"));
	assert_false(spdx_says_something(" "));
	assert_true(spdx_says_something("Public Domain"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lists_are_sorted),
		cmocka_unit_test(an_expression_has_names_of_spdx_and_its_words),
		cmocka_unit_test(other_licenses_get_names_that_do_not_clash),
		cmocka_unit_test(words_for_nothing_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
