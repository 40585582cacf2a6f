/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/oci-spec/data.h"

#include <errno.h>

#include "oci-spec/image_spec.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void two_algorithms_with_their_exact_lengths_are_legal(void **state UNUSED)
{
	assert_int_equal(digest_check("sha256:" HEX, NULL), 0);
	assert_int_equal(digest_check("sha512:" HEX HEX, NULL), 0);
	assert_string_equal(digest_hex("sha256:" HEX), HEX);
}

static void nothing_else_may_reach_a_path(void **state UNUSED)
{
	static const char *const bad[] = {
		"",
		":",
		"sha256",
		"sha256:",
		"sha256:" HEX "0",
		"sha512:" HEX,
		"sha256:../../../../../../../../../../../../../../../../../../etc/passwd",
		"sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
		"SHA256:" HEX,
		" sha256:" HEX,
		"sha256:" HEX "\n",
		"sha256:" HEX "/x",
		"sha1:0123456789abcdef0123456789abcdef01234567",
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (digest_check(bad[i], NULL) != -EINVAL)
			fail_msg("'%s' passes", bad[i]);
	}
}

static void the_message_carries_no_control_characters(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(digest_check("sha256:\033[2J", &e), -EINVAL);
	assert_string_equal(
		e.msg, "digest 'sha256:?[2J': expected 64 lower-case hex digits after 'sha256:'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_algorithms_with_their_exact_lengths_are_legal),
		cmocka_unit_test(nothing_else_may_reach_a_path),
		cmocka_unit_test(the_message_carries_no_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
