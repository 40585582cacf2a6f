/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/features.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "runtime/annotation.h"
#include "runtime/init/mount_opts.h"
#include "runtime/ns/plan.h"

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

static void every_mount_option_that_is_listed_is_known_to_mounts(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct oci_features f;

	features_fill(&a, &f);
	for (size_t i = 0; i < f.mount_options.n; i++) {
		struct oci_strings one = { &f.mount_options.items[i], 1 };
		struct mount_opts o = { 0 };

		assert_int_equal(mount_opts_parse(&one, "options", &o, NULL), 0);
		/* Else it would be passed on to the file system. */
		assert_int_equal(o.n_data, 0);
		mount_opts_done(&o);
	}
}

static void every_namespace_that_is_listed_can_be_made(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct oci_features f;

	features_fill(&a, &f);
	assert_int_equal(f.linux_->namespaces.n, OCI_NS_COUNT - 1);
	for (size_t i = 0; i < f.linux_->namespaces.n; i++) {
		const char *name = f.linux_->namespaces.items[i];

		assert_int_not_equal(ns_clone_flag((enum oci_namespace)field_word_value(
					     &oci_namespace_words, name, strlen(name))),
				     0);
	}
}

/* A document with one word of a list in its "linux". */
static void decodes(const char *before, const struct oci_strings *words, const char *after)
{
	assert_true(words->n > 0);
	for (size_t i = 0; i < words->n; i++) {
		auto_(arena) struct arena a = { 0 };
		autofree char *text =
			xasprintf("{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},"
				  "\"linux\":{%s\"%s\"%s}}",
				  before, words->items[i], after);
		struct runtime_spec *spec = NULL;
		struct err e = { 0 };

		if (runtime_spec_decode("features", text, strlen(text), NULL, &a, &spec, &e) < 0)
			fail_msg("%s", e.msg);
	}
}

static void every_word_that_is_listed_is_one_of_the_document(void **state UNUSED)
{
	static const char log[] = "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\",";
	auto_(arena) struct arena a = { 0 };
	autofree char *op = xasprintf("%s\"syscalls\":[{\"names\":[\"read\"],\"action\":"
				      "\"SCMP_ACT_LOG\",\"args\":[{\"index\":0,\"value\":0,\"op\":",
				      log);
	autofree char *arch = xasprintf("%s\"architectures\":[", log);
	autofree char *flag = xasprintf("%s\"flags\":[", log);
	const struct features_memory_policy *mem;
	const struct features_seccomp *sec;
	struct oci_features f;

	features_fill(&a, &f);
	mem = f.linux_->memory_policy;
	sec = f.linux_->seccomp;
	decodes("\"memoryPolicy\":{\"nodes\":\"0\",\"mode\":", &mem->modes, "}");
	decodes("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[", &mem->flags,
		"]}");
	decodes("\"seccomp\":{\"defaultAction\":", &sec->actions, "}");
	decodes(op, &sec->operators, "}]}]}");
	decodes(arch, &sec->archs, "]}");
	decodes(flag, &sec->known_flags, "]}");
	for (size_t i = 0; i < sec->supported_flags.n; i++)
		assert_true(has(&sec->known_flags, sec->supported_flags.items[i]));
}

static void annotations_are_those_that_are_obeyed_and_sorted(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	const struct oci_strings *keys;
	struct oci_features f;

	features_fill(&a, &f);
	keys = &f.potentially_unsafe_config_annotations;
	assert_int_equal(keys->n, ANNOTATION_COUNT);
	for (size_t i = 1; i < keys->n; i++)
		assert_true(strcmp(keys->items[i - 1], keys->items[i]) < 0);
	for (size_t i = 0; i < keys->n; i++) {
		struct oci_pair pair = { keys->items[i], "1" };
		struct oci_strmap map = { &pair, 1 };
		struct err e = { 0 };

		/* What is listed is not refused. */
		assert_int_equal(annotations_check(&map, &e), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers_find_what_they_ask_for),
		cmocka_unit_test(all_six_hooks_are_named),
		cmocka_unit_test(resctrl_is_used_whole),
		cmocka_unit_test(every_mount_option_that_is_listed_is_known_to_mounts),
		cmocka_unit_test(every_namespace_that_is_listed_can_be_made),
		cmocka_unit_test(every_word_that_is_listed_is_one_of_the_document),
		cmocka_unit_test(annotations_are_those_that_are_obeyed_and_sorted),
		cmocka_unit_test(the_systemd_driver_is_there_when_its_helper_is_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
