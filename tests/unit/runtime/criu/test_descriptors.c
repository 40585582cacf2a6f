/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static void only_two_forms_are_more_than_text(void **state UNUSED)
{
	static const char *const other[] = {
		"",          "pipe:[]",    "pipe:[1",     "pipe:[1]x",    "pipe:[-1]",
		"pipe:[a]",  "xpipe:[1]",  "file[1]",     "file[:1]",     "file[1:]",
		"file[g:1]", "file[1:2]]", "file[1:2:3]", "extRootNetNS", "/dev/null",
		"socket:[1]"
	};

	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		assert_int_equal(descriptor_kind(other[i]), DESCRIPTOR_OTHER);
	assert_int_equal(descriptor_kind("pipe:[123]"), DESCRIPTOR_PIPE);
	assert_int_equal(descriptor_kind("file[1a:2b3c]"), DESCRIPTOR_FILE);
}

static void a_pipe_of_ours_is_told_from_a_file(void **state UNUSED)
{
	auto_(strv) struct strv names = { 0 };
	int pair[2], saved = dup(0);

	assert_int_equal(pipe(pair), 0);
	assert_true(dup2(pair[0], 0) == 0);
	assert_int_equal(descriptors_of(getpid(), &names, NULL), 0);
	assert_true(dup2(saved, 0) == 0);
	assert_true(names.n >= 3);
	assert_int_equal(descriptor_kind(names.v[0]), DESCRIPTOR_PIPE);
	(void)close(pair[0]);
	(void)close(pair[1]);
	(void)close(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_two_forms_are_more_than_text),
		cmocka_unit_test(a_pipe_of_ours_is_told_from_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
