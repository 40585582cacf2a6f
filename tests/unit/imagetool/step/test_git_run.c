/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a git that does not do its work. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/step/git_run.h"
#include "libutil/alloc.h"

/* Runs `verb` of a git that is this script. */
static int run_script(const char *script, const char *verb, int silence_ms, struct err *e)
{
	char path[] = "/tmp/test_git_run.XXXXXX";
	const struct fetch_opts opts = { .cancelfd = -1, .git = path, .silence_ms = silence_ms };
	const struct git git = { .opts = &opts, .treefd = -1, .url = "https://h/r.git" };
	int fd = mkstemp(path), r;

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "#!/bin/sh\n%s\n", script) > 0);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	r = GIT_RUN(&git, NULL, e, verb);
	(void)unlink(path);
	return r;
}

static void a_server_that_says_nothing_is_given_up(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(run_script("exec sleep 1000", "fetch", 1000, &e), -ETIMEDOUT);
	assert_string_equal(e.msg, "git fetch: the server said nothing for 1 seconds: try again "
				   "later, or clone the repository and build from there");
}

static void what_asks_no_server_may_be_silent(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(run_script("sleep 0.1", "checkout", 1, &e), 0);
}

static void progress_is_no_part_of_what_it_said(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(run_script("printf 'Receiving:  45%% (9/20)\\rReceiving: 100%% (20/20), "
				    "done.\\nremote: Total 20, done.\\nfatal: no\\n'; exit 1",
				    "fetch", 0, &e),
			 -ECHILD);
	assert_string_equal(e.msg, "git fetch exited with status 1: fatal: no");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_says_nothing_is_given_up),
		cmocka_unit_test(what_asks_no_server_may_be_silent),
		cmocka_unit_test(progress_is_no_part_of_what_it_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
