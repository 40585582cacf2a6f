/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/restore_check.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CAPS(inh, prm, eff, bnd, amb)                                                              \
	"Name:\tsh\nCapInh:\t" inh "\nCapPrm:\t" prm "\nCapEff:\t" eff "\nCapBnd:\t" bnd           \
	"\nCapAmb:\t" amb "\nNoNewPrivs:\t1\nSeccomp:\t2\n"
#define NONE "0000000000000000"

static const char *kill_items[] = { "CAP_KILL", "CAP_CHOWN" };
static struct spec_capabilities caps = { .bounding = { kill_items, 2 } };
static struct spec_seccomp filter;
static struct spec_linux linux_ = { .seccomp = &filter };
static struct spec_process process = { .capabilities = &caps, .no_new_privileges = true };
static const struct runtime_spec spec = { .process = &process, .linux_ = &linux_ };

static void what_is_granted_may_be_had(void **state UNUSED)
{
	assert_int_equal(restore_check_status(CAPS(NONE, "0000000000000021", "0000000000000020",
						   "0000000000000021", NONE),
					      &spec, NULL),
			 0);
	assert_int_equal(restore_check_status(CAPS(NONE, NONE, NONE, NONE, NONE), &spec, NULL), 0);
}

static void one_right_more_is_refused_in_each_set(void **state UNUSED)
{
	static const char *const texts[] = {
		CAPS("0000000000200000", NONE, NONE, NONE, NONE),
		CAPS(NONE, "0000000000200000", NONE, NONE, NONE),
		CAPS(NONE, NONE, "0000000000200000", NONE, NONE),
		CAPS(NONE, NONE, NONE, "0000000000200000", NONE),
		CAPS(NONE, NONE, NONE, NONE, "0000000000200000"),
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err e = { 0 };

		assert_int_equal(restore_check_status(texts[i], &spec, &e), -EPERM);
		assert_non_null(strstr(e.msg, "CAP_SYS_ADMIN, which is not granted"));
	}
	/* One that has no name yet. */
	assert_int_equal(
		restore_check_status(CAPS(NONE, NONE, NONE, "4000000000000000", NONE), &spec, NULL),
		-EPERM);
}

static void a_filter_that_is_missing_is_missed(void **state UNUSED)
{
	assert_int_equal(restore_check_status("x\nNoNewPrivs:\t1\nSeccomp:\t0\n", &spec, NULL),
			 -EPERM);
	assert_int_equal(restore_check_status("x\nNoNewPrivs:\t0\nSeccomp:\t2\n", &spec, NULL),
			 -EPERM);
	assert_int_equal(restore_check_status("x\nNoNewPrivs:\t1\nSeccomp:\t2\n", &spec, NULL), 0);
}

static void ids_are_mapped_as_asked(void **state UNUSED)
{
	struct spec_id_mapping maps[] = {
		{ .container_id = { true, 0 }, .host_id = { true, 1000 }, .size = { true, 1 } },
		{ .container_id = { true, 1 }, .host_id = { true, 5000 }, .size = { true, 99 } },
	};
	const struct oci_array list = { maps, 2 };

	assert_int_equal(restore_check_map("         0       1000          1\n"
					   "         1       5000         99\n",
					   &list, NULL),
			 0);
	assert_int_equal(restore_check_map("0 0 4294967295\n", &list, NULL), -EPERM);
	assert_int_equal(restore_check_map("0 1000 1\n1 5000 99\n200 0 1\n", &list, NULL), -EPERM);
	assert_int_equal(restore_check_map("0 1000 1\n", &list, NULL), -EPERM);
	assert_int_equal(restore_check_map("", &list, NULL), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_granted_may_be_had),
		cmocka_unit_test(one_right_more_is_refused_in_each_set),
		cmocka_unit_test(a_filter_that_is_missing_is_missed),
		cmocka_unit_test(ids_are_mapped_as_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
