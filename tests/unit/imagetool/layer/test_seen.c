/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void an_empty_set_has_nothing(void **state UNUSED)
{
	struct seen s = { 0 };

	assert_false(seen_has(&s, 1, "a"));
	seen_done(&s);
}

static void a_thing_is_its_directory_and_its_name(void **state UNUSED)
{
	struct seen s = { 0 };

	seen_add(&s, 1, "a");
	seen_add(&s, 1, "a");
	assert_int_equal(s.n, 1);
	assert_true(seen_has(&s, 1, "a"));
	assert_false(seen_has(&s, 2, "a"));
	assert_false(seen_has(&s, 1, "b"));
	assert_false(seen_has(&s, 1, ""));
	seen_done(&s);
}

static void many_things_are_all_kept(void **state UNUSED)
{
	struct seen s = { 0 };
	char name[16];

	for (unsigned i = 0; i < 50000; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		seen_add(&s, i % 7, name);
	}
	assert_int_equal(s.n, 50000);
	for (unsigned i = 0; i < 50000; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		assert_true(seen_has(&s, i % 7, name));
		assert_false(seen_has(&s, i % 7 + 7, name));
	}
	seen_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_set_has_nothing),
		cmocka_unit_test(a_thing_is_its_directory_and_its_name),
		cmocka_unit_test(many_things_are_all_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
