/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/token.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t life(const char *text)
{
	struct token t = { 0 };
	struct err e = { 0 };

	if (token_parse(text, strlen(text), &t, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(t.text, "x");
	secret_free(t.text);
	return t.life_s;
}

static void both_names_are_a_token(void **state UNUSED)
{
	assert_int_equal(life("{\"token\":\"x\"}"), TOKEN_LIFE_S);
	assert_int_equal(life("{\"access_token\":\"x\"}"), TOKEN_LIFE_S);
	assert_int_equal(life("{\"token\":\"\",\"access_token\":\"x\"}"), TOKEN_LIFE_S);
}

static void its_life_is_what_the_server_says_but_not_less_than_a_minute(void **state UNUSED)
{
	assert_int_equal(life("{\"token\":\"x\",\"expires_in\":300}"), 300);
	assert_int_equal(life("{\"token\":\"x\",\"expires_in\":5}"), TOKEN_LIFE_S);
	assert_int_equal(life("{\"token\":\"x\",\"expires_in\":-1}"), TOKEN_LIFE_S);
	assert_int_equal(life("{\"token\":\"x\",\"expires_in\":\"300\"}"), TOKEN_LIFE_S);
	assert_true(life("{\"token\":\"x\",\"expires_in\":9223372036854775807}") > 0);
	/* A clock that is far off says nothing. */
	assert_int_equal(life("{\"token\":\"x\",\"expires_in\":300,\"issued_at\":"
			      "\"2001-01-01T00:00:00Z\"}"),
			 300);
	assert_int_equal(life("{\"token\":\"x\",\"expires_in\":300,\"issued_at\":"
			      "\"2101-01-01T00:00:00Z\"}"),
			 300);
}

static void what_cannot_stand_in_a_header_is_no_token(void **state UNUSED)
{
	static const char *const bad[] = { "{}",
					   "{\"token\":5}",
					   "{\"token\":\"a b\"}",
					   "{\"token\":\"a\\r\\nb\"}",
					   "{\"token\":\"\\u00e9\"}",
					   "nonsense" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct token t = { 0 };
		struct err e = { 0 };

		assert_true(token_parse(bad[i], strlen(bad[i]), &t, &e) < 0);
		assert_null(t.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_names_are_a_token),
		cmocka_unit_test(its_life_is_what_the_server_says_but_not_less_than_a_minute),
		cmocka_unit_test(what_cannot_stand_in_a_header_is_no_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
