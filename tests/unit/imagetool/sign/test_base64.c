/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/sign/base64.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* RFC 4648, section 10 */
static void the_vectors_of_the_rfc(void **state UNUSED)
{
	static const struct {
		const char *plain, *standard, *url;
	} rows[] = {
		{ "", "", "" },
		{ "f", "Zg==", "Zg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xfb\xff", "+/8=", "-_8" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(sign_bytes) struct sign_bytes a = { 0 }, b = { 0 };

		assert_int_equal(base64_decode("x", rows[i].standard, strlen(rows[i].standard),
					       BASE64_STANDARD, &a, NULL),
				 0);
		assert_int_equal(
			base64_decode("x", rows[i].url, strlen(rows[i].url), BASE64_URL, &b, NULL),
			0);
		assert_string_equal((char *)a.data, rows[i].plain);
		assert_string_equal((char *)b.data, rows[i].plain);
	}
}

static void one_content_has_one_text(void **state UNUSED)
{
	static const struct {
		const char *text;
		enum base64_kind kind;
	} rows[] = {
		{ "Zg", BASE64_STANDARD },    { "Zg=", BASE64_STANDARD },
		{ "Zg===", BASE64_STANDARD }, { "Zh==", BASE64_STANDARD },
		{ "Z g=", BASE64_STANDARD },  { "Zg==\n", BASE64_STANDARD },
		{ "-_8=", BASE64_STANDARD },  { "====", BASE64_STANDARD },
		{ "Z===", BASE64_STANDARD },  { "Zg==", BASE64_URL },
		{ "Zh", BASE64_URL },         { "Z", BASE64_URL },
		{ "+/8", BASE64_URL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(sign_bytes) struct sign_bytes b = { 0 };
		int r = base64_decode("x", rows[i].text, strlen(rows[i].text), rows[i].kind, &b,
				      NULL);

		if (r != -EBADMSG)
			fail_msg("'%s' is taken", rows[i].text);
		assert_null(b.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_the_rfc),
		cmocka_unit_test(one_content_has_one_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
