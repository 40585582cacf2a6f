/* SPDX-License-Identifier: Apache-2.0 */
/* The short programs answer as libseccomp's own do. */
#include "runtime/seccomp/build.h"

#include "tests/unit/oci-spec/data.h"
#include "tests/unit/runtime/seccomp/equal.h"

#define PROFILES 150

static void check_same(const char *what, const struct spec_seccomp *p, size_t *ret_plain,
		       size_t *ret_short)
{
	struct source s = { .state = 1 };
	autofree struct sock_filter *plain = NULL;
	autofree struct sock_filter *small = NULL;
	size_t n_plain = 0, n_small = 0;
	struct err e_plain = { 0 }, e_small = { 0 };
	struct seccomp_data call;
	int r = seccomp_build_plain(p, false, &plain, &n_plain, &e_plain);

	if (seccomp_build(p, false, &small, &n_small, &e_small) != r)
		fail_msg("%s: '%s', but '%s'", what, e_plain.msg, e_small.msg);
	assert_string_equal(e_plain.msg, e_small.msg);
	*ret_plain = n_plain;
	*ret_short = n_small;
	if (r < 0)
		return;
	if (!programs_agree((struct program){ plain, n_plain }, (struct program){ small, n_small },
			    &s, &call))
		fail_msg("%s: arch 0x%x nr %u arg0 0x%llx arg1 0x%llx: 0x%x, but 0x%x", what,
			 call.arch, (unsigned)call.nr, call.args[0], call.args[1],
			 program_run((struct program){ plain, n_plain }, &call),
			 program_run((struct program){ small, n_small }, &call));
}

static void check_engine(const char *name)
{
	autofree char *path = xasprintf("bundles/%s-default.json", name);
	auto_(data) struct data d = data_read_bundle(path);
	auto_(arena) struct arena a = { 0 };
	struct runtime_spec *spec;
	struct err e = { 0 };
	size_t plain = 0, small = 0;

	if (runtime_spec_decode(name, d.text, d.len, NULL, &a, &spec, &e) < 0)
		fail_msg("%s", e.msg);
	check_same(name, spec->linux_->seccomp, &plain, &small);
	/* It is why there is a second compiler. */
	assert_true(small * 4 < plain);
	/* Behind another architecture's list nothing may be missing: every one the library knows.
	 */
}

static void profiles_of_engines_keep_their_meaning(void **state UNUSED)
{
	check_engine("docker");
	check_engine("podman");
}

static void any_profile_keeps_its_meaning(void **state UNUSED)
{
	size_t shorter = 0, compiled = 0;

	for (uint64_t i = 0; i < PROFILES; i++) {
		autofree char *name = xasprintf("profile %d", (int)i);
		auto_(arena) struct arena a = { 0 };
		struct source s = { .state = i * 0x9e3779b97f4a7c15ULL };
		size_t plain = 0, small = 0;

		check_same(name, profile_make(&s, &a), &plain, &small);
		compiled += plain > 0;
		shorter += small < plain;
	}
	/* Most get through, and most gain by it: else this would be about nothing. */
	assert_true(compiled > PROFILES / 2);
	assert_true(shorter > compiled / 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_of_engines_keep_their_meaning),
		cmocka_unit_test(any_profile_keeps_its_meaning),
	};

	return cmocka_run_group_tests_name("build", tests, NULL, NULL);
}
