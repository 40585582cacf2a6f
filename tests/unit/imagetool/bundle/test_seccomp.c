/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/seccomp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/bundle/edit.h"

static bool allows(const struct spec_seccomp *s, const char *name)
{
	const struct spec_seccomp_rule *rules = s->syscalls.items;

	for (size_t i = 0; i < s->syscalls.n; i++)
		if (rules[i].action == OCI_ACT_ALLOW && !rules[i].args.n &&
		    edit_has_string(&rules[i].names, name))
			return true;
	return false;
}

static void no_call_is_named_twice_under_the_same_condition(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct spec_seccomp *s = seccomp_default(&(struct oci_strings){ 0 }, &a);
	struct oci_strings seen = { 0 };
	const struct spec_seccomp_rule *rules = s->syscalls.items;

	assert_true(s->syscalls.n > 10);
	for (size_t i = 0; i < s->syscalls.n; i++) {
		for (size_t k = 0; !rules[i].args.n && k < rules[i].names.n; k++) {
			if (edit_has_string(&seen, rules[i].names.items[k]))
				fail_msg("%s", rules[i].names.items[k]);
			edit_push_string(&a, &seen, rules[i].names.items[k]);
		}
	}
}

static void what_the_kernel_asks_a_capability_for_needs_it_here_too(void **state UNUSED)
{
	static const struct {
		const char *capability, *call;
	} rows[] = {
		{ "CAP_SYS_ADMIN", "mount" },
		{ "CAP_SYS_ADMIN", "unshare" },
		{ "CAP_SYS_ADMIN", "clone3" },
		{ "CAP_SYS_CHROOT", "chroot" },
		{ "CAP_SYS_MODULE", "init_module" },
		{ "CAP_SYS_TIME", "clock_settime" },
		{ "CAP_BPF", "bpf" },
		{ "CAP_SYSLOG", "syslog" },
		{ "CAP_DAC_READ_SEARCH", "open_by_handle_at" },
	};
	auto_(arena) struct arena a = { 0 };
	struct spec_seccomp *none = seccomp_default(&(struct oci_strings){ 0 }, &a);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct oci_strings caps = { 0 };

		edit_push_string(&a, &caps, rows[i].capability);
		assert_false(allows(none, rows[i].call));
		assert_true(allows(seccomp_default(&caps, &a), rows[i].call));
	}
	assert_true(allows(none, "openat"));
	assert_false(allows(none, "io_uring_setup"));
	assert_false(allows(none, "keyctl"));
}

static int parse(const char *text, const char *cap, struct arena *a, struct spec_seccomp **ret,
		 struct err *e)
{
	struct oci_strings caps = { 0 };

	if (cap)
		edit_push_string(a, &caps, cap);
	return seccomp_parse("profile", text, strlen(text), &caps, a, ret, e);
}

static void conditions_of_dockers_form_are_met_or_not(void **state UNUSED)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
		"{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"C\"]}},"
		"{\"name\":\"b\",\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"caps\":[\"C\"]}},"
		"{\"name\":\"c\",\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"pdp11\"]}},"
		"{\"name\":\"d\",\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"2.6\"}},"
		"{\"name\":\"e\",\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"x\"}}]}";
	auto_(arena) struct arena a = { 0 };
	struct spec_seccomp *with = NULL, *without = NULL;

	assert_int_equal(parse(text, "C", &a, &with, NULL), 0);
	assert_int_equal(parse(text, NULL, &a, &without, NULL), 0);
	assert_true(allows(with, "a") && !allows(with, "b"));
	assert_true(!allows(without, "a") && allows(without, "b"));
	assert_true(!allows(with, "c") && allows(with, "d") && !allows(with, "e"));
}

static void a_profile_that_says_two_things_is_refused(void **state UNUSED)
{
	static const char *const rows[] = {
		"",
		"[]",
		"{}",
		"{\"defaultAction\":\"X\"}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"name\":\"a\",\"names\":[\"b\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],"
		"\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86\"}]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		struct spec_seccomp *s = NULL;
		struct err e = { 0 };

		assert_true(parse(rows[i], NULL, &a, &s, &e) < 0);
		assert_true(starts_with(e.msg, "profile"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_call_is_named_twice_under_the_same_condition),
		cmocka_unit_test(what_the_kernel_asks_a_capability_for_needs_it_here_too),
		cmocka_unit_test(conditions_of_dockers_form_are_met_or_not),
		cmocka_unit_test(a_profile_that_says_two_things_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
