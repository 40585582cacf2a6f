/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "imagetool/step/mode_set.h"

static const struct {
	const char *text;
	mode_t before, after;
} rows[] = {
	{ "755", S_IFREG | 0600, 0755 },
	{ "0644", S_IFREG | 0777, 0644 },
	{ "7777", S_IFREG, 07777 },
	{ "0", S_IFREG | 0777, 0 },
	{ "u=rwX,go=rX", S_IFREG | 0600, 0644 },
	{ "u=rwX,go=rX", S_IFREG | 0700, 0755 },
	{ "u=rwX,go=rX", S_IFDIR | 0600, 0755 },
	{ "+x", S_IFREG | 0644, 0755 },
	{ "a-w", S_IFREG | 0666, 0444 },
	{ "g=u", S_IFREG | 0640, 0660 },
	{ "go=u-w", S_IFREG | 0700, 0755 },
	{ "go=", S_IFREG | 0777, 0700 },
	{ "=", S_IFREG | 07777, 01000 },
	{ "u+s", S_IFREG | 0755, 04755 },
	{ "g+s", S_IFDIR | 0755, 02755 },
	{ "o+s", S_IFREG | 0755, 0755 },
	{ "+t", S_IFDIR | 0777, 01777 },
	{ "a+X", S_IFREG | 0644, 0644 },
	{ "a+X", S_IFREG | 0744, 0755 },
	{ "a-X", S_IFREG | 0755, 0644 },
	{ "u=rw,g=r,o=", S_IFREG | 04777, 0640 },
	{ "u+r-w", S_IFREG | 0200, 0400 },
	{ "g=o", S_IFREG | 0604, 0644 },
	{ "a=rx", S_IFREG | 06777, 0555 },
};

static void each_text_changes_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mode_set s;
		struct err e = { 0 };
		mode_t got;

		if (mode_set_parse(rows[i].text, &s, &e) < 0)
			fail_msg("'%s': %s", rows[i].text, e.msg);
		got = mode_set_apply(&s, rows[i].before);
		if (got != rows[i].after)
			fail_msg("'%s' of %o: %o", rows[i].text, rows[i].before, got);
	}
}

static void what_is_no_mode_is_refused(void **state)
{
	static const char *const bad[] = { "",    "8",     "10000",    "99999999999999",
					   "u",   "u=rz",  "x",        "u+",
					   ",",   "u=r,",  "u=r,,g=r", "-",
					   "z+r", "0o755", " 755",     "755 " };
	struct mode_set s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		/* chmod(1) and BuildKit take an operator with nothing behind it. */
		int want = bad[i][0] == '-' || (bad[i][0] == 'u' && bad[i][1] == '+') ? 0 : -EINVAL;

		if (mode_set_parse(bad[i], &s, NULL) != want)
			fail_msg("'%s'", bad[i]);
	}
}

static void a_text_without_end_is_refused(void **state)
{
	char text[4 * MODE_SET_MAX + 8] = "a";
	struct mode_set s;

	(void)state;
	for (size_t i = 1; i + 3 < sizeof(text); i += 2) {
		text[i] = '+';
		text[i + 1] = 'r';
	}
	assert_int_equal(mode_set_parse(text, &s, NULL), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_changes_what_the_table_says),
		cmocka_unit_test(what_is_no_mode_is_refused),
		cmocka_unit_test(a_text_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
