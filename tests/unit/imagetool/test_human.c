/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/human.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void sizes_have_a_unit_and_at_most_one_decimal(void **state UNUSED)
{
	static const struct {
		uint64_t bytes;
		const char *want;
	} rows[] = {
		{ 0, "0 B" },
		{ 999, "999 B" },
		{ 1000, "1.0 kB" },
		{ 12345678, "12.3 MB" },
		{ 999949, "999.9 kB" },
		{ 999951, "1.0 MB" },
		{ UINT64_MAX, "18.4 EB" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char buf[HUMAN_SIZE];

		assert_string_equal(human_size(rows[i].bytes, buf), rows[i].want);
	}
}

static void a_digest_is_known_by_its_first_twelve_digits(void **state UNUSED)
{
	char buf[HUMAN_DIGEST];

	assert_string_equal(human_digest("sha256:0123456789abcdef", buf), "0123456789ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_a_unit_and_at_most_one_decimal),
		cmocka_unit_test(a_digest_is_known_by_its_first_twelve_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
