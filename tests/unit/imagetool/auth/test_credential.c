/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/auth/credential.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void name_and_password_go_there_and_back(void **state UNUSED)
{
	auto_(credential) struct credential c = { 0 }, back = { 0 };
	char *basic;

	credential_set(&c, "ann", "a:b c");
	basic = credential_basic(&c);
	assert_string_equal(basic, "YW5uOmE6YiBj");
	assert_int_equal(credential_from_basic(&back, basic, NULL), 0);
	assert_string_equal(back.user, "ann");
	assert_string_equal(back.password, "a:b c");
	secret_free(basic);
}

static void padding_may_be_missing_and_a_line_may_end(void **state UNUSED)
{
	auto_(credential) struct credential a = { 0 }, b = { 0 };

	assert_int_equal(credential_from_basic(&a, "YTpi", NULL), 0);
	assert_string_equal(a.password, "b");
	assert_int_equal(credential_from_basic(&b, "YTpiYwo", NULL), 0);
	assert_string_equal(b.password, "bc");
}

static void what_is_no_base64_or_no_pair_is_refused_unseen(void **state UNUSED)
{
	static const char *const bad[] = { "%%%%", "YTpi=YTpi", "YQ==", "A", "YTpiAA==x" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(credential) struct credential c = { 0 };
		struct err e = { 0 };

		assert_int_equal(credential_from_basic(&c, bad[i], &e), -EINVAL);
		assert_null(strstr(e.msg, bad[i]));
		assert_true(credential_is_empty(&c));
	}
}

static void a_user_called_token_has_an_identity_token(void **state UNUSED)
{
	auto_(credential) struct credential c = { 0 };

	credential_set(&c, "<token>", "x");
	assert_string_equal(c.identity_token, "x");
	assert_null(c.user);
	assert_null(c.password);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_and_password_go_there_and_back),
		cmocka_unit_test(padding_may_be_missing_and_a_line_may_end),
		cmocka_unit_test(what_is_no_base64_or_no_pair_is_refused_unseen),
		cmocka_unit_test(a_user_called_token_has_an_identity_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
