/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/digest_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void a_set_holds_each_digest_once(void **state UNUSED)
{
	auto_(digest_set) struct digest_set set = { 0 };
	char text[32];

	assert_false(digest_set_has(&set, "sha256:0"));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5000; i++) {
			(void)snprintf(text, sizeof(text), "sha256:%d", i);
			assert_int_equal(digest_set_add(&set, text), round == 0);
		}
	}
	assert_int_equal(set.n, 5000);
	assert_true(digest_set_has(&set, "sha256:4999"));
	assert_false(digest_set_has(&set, "sha256:5000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_holds_each_digest_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
