/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/mount/userns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void assert_range(const char *text, uint32_t first, uint32_t count)
{
	struct id_range r = userns_range(text, "me", 1000);

	assert_int_equal(r.first, first);
	assert_int_equal(r.count, count);
}

static void a_user_is_found_by_name_and_by_number(void **state UNUSED)
{
	assert_range("you:1:2\nme:100000:65536\n", 100000, 65536);
	assert_range("1000:200000:65536\n", 200000, 65536);
	assert_range("mee:1:2\n100:3:4\n", 0, 0);
	assert_range("", 0, 0);
}

static void the_largest_range_wins(void **state UNUSED)
{
	assert_range("me:5:10\nme:100:20\n1000:200:15\n", 100, 20);
}

static void lines_that_say_nothing_are_passed_over(void **state UNUSED)
{
	assert_range("me:5\nme:5:\nme::5\nme:x:5\nme:5:5x\nme:5:0\nme:4294967295:2\nme\n:\n", 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_is_found_by_name_and_by_number),
		cmocka_unit_test(the_largest_range_wins),
		cmocka_unit_test(lines_that_say_nothing_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
