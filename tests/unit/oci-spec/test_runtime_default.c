/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/oci-spec/data.h"

#include <unistd.h>

#include "oci-spec/runtime_spec.h"

static bool has(const struct oci_strings *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++) {
		if (streq(list->items[i], text))
			return true;
	}
	return false;
}

static void check_default(bool rootless)
{
	auto_(arena) struct arena a = { 0 };
	struct runtime_spec *spec = runtime_spec_default(&a, rootless);
	autofree char *encoded = encode_twice(&runtime_spec_type, spec);
	struct runtime_spec *again;
	struct err e = { 0 };

	if (runtime_spec_decode("default", encoded, strlen(encoded), NULL, &a, &again, &e) < 0)
		fail_msg("%s", e.msg);
}

static void both_default_documents_pass_their_own_rules(void **state UNUSED)
{
	check_default(false);
	check_default(true);
}

/* What moby and containerd hide at this time. */
static void the_default_hides_what_engines_hide(void **state UNUSED)
{
	static const char *const paths[] = {
		"/proc/acpi",       "/proc/asound",      "/proc/interrupts",
		"/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
		"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
		"/proc/scsi",       "/sys/firmware",     "/sys/devices/virtual/powercap",
	};
	auto_(arena) struct arena a = { 0 };
	struct runtime_spec *spec = runtime_spec_default(&a, false);

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_true(has(&spec->linux_->masked_paths, paths[i]));
	if (access("/sys/devices/system/cpu/cpu0/thermal_throttle", F_OK) == 0)
		assert_true(has(&spec->linux_->masked_paths,
				"/sys/devices/system/cpu/cpu0/thermal_throttle"));
	assert_true(has(&spec->linux_->readonly_paths, "/proc/sys"));
}

static void no_capability_is_inherited_by_default(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct runtime_spec *spec = runtime_spec_default(&a, false);

	assert_int_equal(spec->process->capabilities->inheritable.n, 0);
	assert_int_equal(spec->process->capabilities->ambient.n, 0);
	assert_true(spec->process->no_new_privileges);
}

static void a_user_without_privileges_maps_his_own_id(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct runtime_spec *spec = runtime_spec_default(&a, true);
	const struct spec_id_mapping *map = spec->linux_->uid_mappings.items;

	assert_non_null(spec_find_namespace(spec, OCI_NS_USER));
	assert_null(spec_find_namespace(spec, OCI_NS_NETWORK));
	assert_null(spec->linux_->resources);
	assert_int_equal(map->container_id.v, 0);
	assert_int_equal(map->host_id.v, geteuid());
	assert_int_equal(map->size.v, 1);
}

static void only_the_rootless_default_leaves_group_tty_out(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	const struct spec_mount *privileged = runtime_spec_default(&a, false)->mounts.items;
	const struct spec_mount *rootless = runtime_spec_default(&a, true)->mounts.items;

	assert_string_equal(privileged[2].destination, "/dev/pts");
	assert_true(has(&privileged[2].options, "gid=5"));
	assert_string_equal(rootless[2].destination, "/dev/pts");
	assert_false(has(&rootless[2].options, "gid=5"));
	assert_true(has(&rootless[2].options, "mode=0620"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_default_documents_pass_their_own_rules),
		cmocka_unit_test(the_default_hides_what_engines_hide),
		cmocka_unit_test(no_capability_is_inherited_by_default),
		cmocka_unit_test(a_user_without_privileges_maps_his_own_id),
		cmocka_unit_test(only_the_rootless_default_leaves_group_tty_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
