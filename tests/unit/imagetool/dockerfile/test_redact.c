/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/dockerfile/redact.h"
#include "libutil/alloc.h"
#include "libutil/macro.h"

static void what_opens_a_server_is_not_shown(void **state UNUSED)
{
	static const char *const rows[][2] = {
		{ "http://h/x", "http://h/x" },
		{ "http://bob:pw@h/x@y:z", "http://xxxxx:xxxxx@h/x@y:z" },
		{ "http://bob:p@w@h:80", "http://xxxxx:xxxxx@h:80" },
		{ "http://:pw@h", "http://:xxxxx@h" },
		{ "https://token@h/r.git#main", "https://xxxxx@h/r.git#main" },
		{ "HTTPS://token@h", "HTTPS://xxxxx@h" },
		{ "ssh://git@h/r", "ssh://xxxxx@h/r" },
		{ "ssh://git:pw@h/r", "ssh://xxxxx:xxxxx@h/r" },
		{ "git@h:r", "git@h:r" },
		{ "http://h?a@b", "http://h?a@b" },
		{ "http://", "http://" },
		{ "://a:b@", "://xxxxx:xxxxx@" },
		{ "", "" },
		{ " http://a:b@h/1 \"http://c:d@h/2\" e@f /x",
		  " http://xxxxx:xxxxx@h/1 \"http://xxxxx:xxxxx@h/2\" e@f /x" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *shown = redact_url(rows[i][0]);

		assert_string_equal(shown, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_opens_a_server_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
