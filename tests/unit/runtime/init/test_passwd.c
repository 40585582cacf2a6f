/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/passwd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/cleanup.h"

static void home_is(const char *text, uint32_t uid, const char *want)
{
	autofree char *home = passwd_home(text, uid);

	if (want)
		assert_string_equal(home, want);
	else
		assert_null(home);
}

static const char usual[] = "root:x:0:0:root:/root:/bin/sh\n"
			    "bin:x:1:1::/bin:/sbin/nologin\n"
			    "app:x:1000:1000::/srv/app:\n";

static void the_home_of_an_id_is_found(void **state UNUSED)
{
	home_is(usual, 0, "/root");
	home_is(usual, 1000, "/srv/app");
	home_is(usual, 10, NULL);
	home_is("", 0, NULL);
}

static void the_first_entry_counts(void **state UNUSED)
{
	home_is("a:x:0:0::/first:/bin/sh\nb:x:0:0::/second:/bin/sh\n", 0, "/first");
}

static void the_last_line_may_lack_its_end(void **state UNUSED)
{
	home_is("root:x:0:0::/root:/bin/sh", 0, "/root");
	home_is("root:x:0:0::/root", 0, "/root");
}

static void lines_that_make_no_sense_are_passed_over(void **state UNUSED)
{
	home_is("\n:\nroot:x\nx:x:0x0:0::/hex:\ny:x: 0:0::/blank:\nz:x:0:0::/right:\n", 0,
		"/right");
	home_is("a:x:00000000000000000000000000000:0::/long:\n", 7, NULL);
}

static void an_empty_home_is_none(void **state UNUSED)
{
	home_is("root:x:0:0:root::/bin/sh\n", 0, NULL);
	home_is("root:x:0:0:root\n", 0, NULL);
}

static void an_id_matches_as_a_number_of_the_field_alone(void **state UNUSED)
{
	home_is("a:0:1:0::/wrong:\nb:x:10:0::/wrong:\n", 0, NULL);
	home_is("a:x:4294967296:0::/overflow:\n", 0, NULL);
}

static void the_name_of_an_id_is_found(void **state UNUSED)
{
	autofree char *root = passwd_name("root:x:0:0::/root:\nme:x:7:7::/:\n", 0);
	autofree char *me = passwd_name("root:x:0:0::/root:\nme:x:7:7::/:\n", 7);

	assert_string_equal(root, "root");
	assert_string_equal(me, "me");
	assert_null(passwd_name("root:x:0:0::/root:\n", 8));
	assert_null(passwd_name(":x:8:0::/root:\n", 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_home_of_an_id_is_found),
		cmocka_unit_test(the_first_entry_counts),
		cmocka_unit_test(the_last_line_may_lack_its_end),
		cmocka_unit_test(lines_that_make_no_sense_are_passed_over),
		cmocka_unit_test(an_empty_home_is_none),
		cmocka_unit_test(an_id_matches_as_a_number_of_the_field_alone),
		cmocka_unit_test(the_name_of_an_id_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
