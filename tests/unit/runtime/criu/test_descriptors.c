/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu/descriptors.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void only_three_forms_are_more_than_text(void **state UNUSED)
{
	static const char *const other[] = {
		"",           "pipe:[]",    "pipe:[1",     "pipe:[1]x",    "pipe:[-1]",
		"pipe:[a]",   "xpipe:[1]",  "file[1]",     "file[:1]",     "file[1:]",
		"file[g:1]",  "file[1:2]]", "file[1:2:3]", "extRootNetNS", "/dev/null",
		"socket:[1]", "tty[1]",     "tty[1:2",     "tty[1:2]x",    "tty[1:2:3]",
		"tty[-1:2]",  "tty[8800]:", "file[1:]]",   "tty[",         "file[",
	};

	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		assert_int_equal(descriptor_kind(other[i]), DESCRIPTOR_OTHER);
	assert_int_equal(descriptor_kind("pipe:[123]"), DESCRIPTOR_PIPE);
	assert_int_equal(descriptor_kind("file[1a:2b3c]"), DESCRIPTOR_FILE);
	assert_int_equal(descriptor_kind("tty[8800:1d]"), DESCRIPTOR_TTY);
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

/* One that is reached through a mount of ours is the container's own. */
static void a_terminal_of_ours_stays_ours(void **state UNUSED)
{
	auto_(strv) struct strv names = { 0 };
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, saved = dup(0);

	assert_true(master >= 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	assert_true(dup2(slave, 0) == 0);
	assert_int_equal(descriptors_of(getpid(), &names, NULL), 0);
	assert_true(dup2(saved, 0) == 0);
	assert_string_equal(names.v[0], ptsname(master));
	(void)close(slave);
	(void)close(master);
	(void)close(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_three_forms_are_more_than_text),
		cmocka_unit_test(a_pipe_of_ours_is_told_from_a_file),
		cmocka_unit_test(a_terminal_of_ours_stays_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
