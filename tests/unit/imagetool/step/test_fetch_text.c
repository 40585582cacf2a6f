/* SPDX-License-Identifier: Apache-2.0 */
/* Dates of servers and notes of fetches. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "imagetool/step/fetch_note.h"
#include "imagetool/step/http_date.h"
#include "libutil/alloc.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static void the_three_forms_of_a_date_are_read(void **state)
{
	static const char *const same[] = { "Sun, 06 Nov 1994 08:49:37 GMT",
					    "Sunday, 06-Nov-94 08:49:37 GMT",
					    "Sun Nov  6 08:49:37 1994" };
	time_t t = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		assert_int_equal(http_date_parse(same[i], &t), 0);
		assert_int_equal(t, 784111777);
	}
}

static void what_is_no_date_is_refused(void **state)
{
	static const char *const bad[] = { "",
					   "now",
					   "Sun, 06 Nov 1994 08:49:37",
					   "Sun, 06 Foo 1994 08:49:37 GMT",
					   "Sun, 36 Nov 1994 08:49:37 GMT",
					   "Sun, 06 Nov 1994 08:49:37 GMT x",
					   "Sun, 06 Nov 1894 08:49:37 GMT" };
	time_t t = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (http_date_parse(bad[i], &t) != -EINVAL)
			fail_msg("'%s'", bad[i]);
	assert_int_equal(t, 7);
}

static void a_note_says_again_what_was_found(void **state)
{
	struct fetch_http_facts f = { .size = 5, .has_mtime = true, .mtime.tv_sec = 9 };
	auto_(fetch_http_facts) struct fetch_http_facts got = { 0 };
	autofree char *note = NULL;

	(void)state;
	f.etag = xstrdup("W/\"x\"");
	strcpy(f.digest, "sha256:ab");
	note = fetch_note_http(&f);
	assert_int_equal(fetch_note_read_http(note, &got), 0);
	assert_string_equal(got.etag, "W/\"x\"");
	assert_null(got.last_modified);
	assert_string_equal(got.digest, "sha256:ab");
	assert_true(got.has_mtime && got.mtime.tv_sec == 9 && got.size == 5);
	fetch_http_facts_done(&f);
}

static void a_note_of_git_is_checked_as_it_was(void **state)
{
	auto_(fetch_git_facts) struct fetch_git_facts got = { 0 };

	(void)state;
	assert_int_equal(fetch_note_read_git("git\n" COMMIT "\n" COMMIT "\nrefs/heads/x\n", &got),
			 0);
	assert_string_equal(got.ref, "refs/heads/x");
	assert_string_equal(got.commit, COMMIT);
	assert_int_equal(fetch_note_read_git("git\n" COMMIT "\n" COMMIT "\n--exec=x\n", &got),
			 -EBADMSG);
	assert_int_equal(fetch_note_read_git("git\nx\n" COMMIT "\n\n", &got), -EBADMSG);
	assert_int_equal(fetch_note_read_git("http\n", &got), -EBADMSG);
	assert_int_equal(fetch_note_read_git("", &got), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_three_forms_of_a_date_are_read),
		cmocka_unit_test(what_is_no_date_is_refused),
		cmocka_unit_test(a_note_says_again_what_was_found),
		cmocka_unit_test(a_note_of_git_is_checked_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
