/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/oci-spec/data.h"

#include <linux/capability.h>
#include <sys/resource.h>

#include "oci-spec/runtime_spec.h"

static void capabilities_stand_at_the_kernels_numbers(void **state UNUSED)
{
	assert_int_equal(OCI_CAPABILITY_COUNT, CAP_LAST_CAP + 1);
	assert_string_equal(oci_capability_names[CAP_CHOWN], "CAP_CHOWN");
	assert_string_equal(oci_capability_names[CAP_SYS_ADMIN], "CAP_SYS_ADMIN");
	assert_string_equal(oci_capability_names[CAP_MAC_ADMIN], "CAP_MAC_ADMIN");
	assert_string_equal(oci_capability_names[CAP_CHECKPOINT_RESTORE], "CAP_CHECKPOINT_RESTORE");
	for (int i = 0; i < OCI_CAPABILITY_COUNT; i++)
		assert_int_equal(oci_capability_number(oci_capability_names[i]), i);
	assert_int_equal(oci_capability_number("CAP_FOO"), -1);
	assert_int_equal(oci_capability_number("CHOWN"), -1);
	assert_int_equal(oci_capability_number(""), -1);
}

static void every_resource_limit_has_a_name(void **state UNUSED)
{
	static const char *const names[RLIM_NLIMITS] = {
		[RLIMIT_CPU] = "RLIMIT_CPU",           [RLIMIT_FSIZE] = "RLIMIT_FSIZE",
		[RLIMIT_DATA] = "RLIMIT_DATA",         [RLIMIT_STACK] = "RLIMIT_STACK",
		[RLIMIT_CORE] = "RLIMIT_CORE",         [RLIMIT_RSS] = "RLIMIT_RSS",
		[RLIMIT_NPROC] = "RLIMIT_NPROC",       [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
		[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",   [RLIMIT_AS] = "RLIMIT_AS",
		[RLIMIT_LOCKS] = "RLIMIT_LOCKS",       [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
		[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE",
		[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",     [RLIMIT_RTTIME] = "RLIMIT_RTTIME",
	};

	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		assert_int_equal(oci_rlimit_number(names[i]), i);
	assert_int_equal(oci_rlimit_number("RLIMIT_FOO"), -1);
	assert_int_equal(oci_rlimit_number("NOFILE"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_stand_at_the_kernels_numbers),
		cmocka_unit_test(every_resource_limit_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
