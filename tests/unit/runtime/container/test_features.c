/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/features.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool has(const struct oci_strings *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (streq(list->items[i], word))
			return true;
	return false;
}

/* What Docker, containerd and CRI-O look up before they trust a runtime with a feature. */
static void callers_find_what_they_ask_for(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct oci_features f;

	features_fill(&a, &f);
	assert_string_equal(f.oci_version_min, "1.0.0");
	assert_string_equal(f.oci_version_max, RUNTIME_SPEC_VERSION);
	assert_true(has(&f.mount_options, "rro"));
	assert_true(has(&f.linux_->namespaces, "user"));
	assert_true(has(&f.linux_->namespaces, "time"));
	assert_true(f.linux_->mount_extensions->idmap->enabled.v);
	assert_true(has(&f.linux_->capabilities, "CAP_SYS_ADMIN"));
	assert_true(f.linux_->seccomp->enabled.v);
	assert_true(f.linux_->net_devices->enabled.v);
	assert_true(has(&f.linux_->seccomp->actions, "SCMP_ACT_NOTIFY"));
}

static void all_six_hooks_are_named(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct oci_features f;

	features_fill(&a, &f);
	assert_int_equal(f.hooks.n, 6);
	assert_true(has(&f.hooks, "prestart"));
	assert_true(has(&f.hooks, "createRuntime"));
	assert_true(has(&f.hooks, "createContainer"));
	assert_true(has(&f.hooks, "startContainer"));
	assert_true(has(&f.hooks, "poststart"));
	assert_true(has(&f.hooks, "poststop"));
}

/* Of the host it says nothing: a bundle is refused where there is no resctrl. */
static void resctrl_is_used_whole(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	const struct features_intel_rdt *rdt;
	struct oci_features f;

	features_fill(&a, &f);
	rdt = f.linux_->intel_rdt;
	assert_true(rdt->enabled.v && rdt->schemata.v && rdt->monitoring.v);
}

static void the_systemd_driver_is_there_when_its_helper_is_built(void **state UNUSED)
{
#ifdef HAVE_SYSTEMD
	const bool built = true;
#else
	const bool built = false;
#endif
	auto_(arena) struct arena a = { 0 };
	struct oci_features f;

	features_fill(&a, &f);
	assert_true(f.linux_->cgroup->systemd.set && f.linux_->cgroup->systemd_user.set);
	assert_int_equal(f.linux_->cgroup->systemd.v, built);
	assert_int_equal(f.linux_->cgroup->systemd_user.v, built);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers_find_what_they_ask_for),
		cmocka_unit_test(all_six_hooks_are_named),
		cmocka_unit_test(resctrl_is_used_whole),
		cmocka_unit_test(the_systemd_driver_is_there_when_its_helper_is_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
