/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/cgroup/members.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "shim/cgroup/find.h"

static bool has(const struct members *m, pid_t pid)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->pids[i] == pid)
			return true;
	return false;
}

static void we_are_in_our_own_group(void **state UNUSED)
{
	autofree char *groups = NULL;
	struct members m = { 0 };

	assert_int_equal(cgroup_text(getpid(), &groups, NULL), 0);
	if (members_read(groups, &m, NULL) < 0)
		skip(); /* no hierarchy is mounted here */
	assert_true(has(&m, getpid()));
	for (size_t i = 1; i < m.n; i++)
		assert_true(m.pids[i - 1] <= m.pids[i]);
	free(m.pids);
}

static void a_group_that_is_gone_is_an_error(void **state UNUSED)
{
	struct members m = { 0 };
	struct err e = { 0 };

	assert_true(members_read("0::/none/such/group\n", &m, &e) < 0);
	assert_null(m.pids);
	assert_int_equal(members_read("", &m, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(we_are_in_our_own_group),
		cmocka_unit_test(a_group_that_is_gone_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
