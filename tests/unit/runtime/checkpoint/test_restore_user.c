/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/restore_user.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define STATUS(uids, gids, groups)                                                                 \
	"Name:\tsh\nUmask:\t0022\nUid:\t" uids "\nGid:\t" gids "\nFDSize:\t64\nGroups:\t" groups   \
	" \nNStgid:\t7\t1\n"
#define SAME "         0          0 4294967295\n"
#define OURS STATUS("1000\t1000\t1000\t1000", "100\t100\t100\t100", "7 100")

static uint32_t more[] = { 7, 8 };
static struct spec_user user = { .uid = { true, 1000 },
				 .gid = { true, 100 },
				 .additional_gids = { more, 2 } };

static int check(struct spec_process *p, const char *status, struct err *e)
{
	const struct runtime_spec spec = { .process = p };

	return restore_check_user(status, SAME, SAME, &spec, e);
}

static void somebody_else_is_refused_where_nobody_can_change(void **state UNUSED)
{
	static const struct {
		const char *status, *says;
	} cases[] = {
		{ STATUS("0\t1000\t1000\t1000", "100\t100\t100\t100", ""), "Uid: has 0, which" },
		{ STATUS("1000\t1000\t1000\t0", "100\t100\t100\t100", ""), "Uid: has 0, which" },
		{ STATUS("1000\t1000\t1000\t1000", "100\t100\t0\t100", ""), "Gid: has 0, which" },
		{ STATUS("1000\t1000\t1000\t1000", "7\t7\t7\t7", ""), "Gid: has 7, which" },
		{ STATUS("1000\t1000\t1000\t1000", "100\t100\t100\t100", "7 9"), "Groups: has 9," },
	};
	struct spec_process p = { .user = &user, .no_new_privileges = true };

	assert_int_equal(check(&p, OURS, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };

		assert_int_equal(check(&p, cases[i].status, &e), -EPERM);
		assert_non_null(strstr(e.msg, cases[i].says));
	}
	/* Without process.user it is root. */
	p.user = NULL;
	assert_int_equal(check(&p, OURS, NULL), -EPERM);
}

static void whoever_may_change_may_have_changed(void **state UNUSED)
{
	static const char *names[] = { "CAP_SETUID" };
	struct spec_capabilities caps = { .bounding = { names, 1 } };
	struct spec_process p = { .user = &user, .no_new_privileges = true, .capabilities = &caps };
	const char *other_user = STATUS("0\t0\t0\t0", "100\t100\t100\t100", "");
	const char *other_group = STATUS("0\t0\t0\t0", "0\t0\t0\t0", "");

	/* execve(2) gives nothing of the bounding set. */
	assert_int_equal(check(&p, other_user, NULL), -EPERM);
	caps.permitted = caps.bounding;
	assert_int_equal(check(&p, other_user, NULL), 0);
	assert_int_equal(check(&p, other_group, NULL), -EPERM);
	p.no_new_privileges = false;
	assert_int_equal(check(&p, other_group, NULL), 0);
}

static void ids_are_compared_as_they_are_mapped(void **state UNUSED)
{
	struct spec_process p = { .user = &user, .no_new_privileges = true };
	const struct runtime_spec spec = { .process = &p };
	const char *map = "0 5000 1000\n1000 200000 10\n", *gid_map = "0 3000 101\n";

	assert_int_equal(restore_check_user(STATUS("200000\t200000\t200000\t200000",
						   "3100\t3100\t3100\t3100", "3007"),
					    map, gid_map, &spec, NULL),
			 0);
	assert_int_equal(restore_check_user(OURS, map, gid_map, &spec, NULL), -EPERM);
	assert_int_equal(restore_check_user(OURS, "", "", &spec, NULL), -EPERM);
}

static void a_caller_s_groups_that_were_kept_are_not_compared(void **state UNUSED)
{
	struct oci_pair keep = { "run.oci.keep_original_groups", "1" };
	struct spec_process p = { .user = &user, .no_new_privileges = true };
	const struct runtime_spec spec = { .process = &p, .annotations = { &keep, 1 } };
	const char *status = STATUS("1000\t1000\t1000\t1000", "100\t100\t100\t100", "9");

	assert_int_equal(check(&p, status, NULL), -EPERM);
	assert_int_equal(restore_check_user(status, SAME, SAME, &spec, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(somebody_else_is_refused_where_nobody_can_change),
		cmocka_unit_test(whoever_may_change_may_have_changed),
		cmocka_unit_test(ids_are_compared_as_they_are_mapped),
		cmocka_unit_test(a_caller_s_groups_that_were_kept_are_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
