/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/fixed.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define LACKING (-10123) /* of libseccomp, for a call that an architecture does not have */
#define SHARED  (-101)   /* for one that another call stands for */
#define YES     SCMP_ACT_ALLOW
#define NO      SCMP_ACT_KILL_PROCESS

static const struct spec_seccomp_rule plain;
static const struct spec_seccomp_rule conditional = { .args = { .n = 1 } };

/* Of two machines: x86_64 and x86. */
static struct fixed_call *find(struct rule_call *v, size_t n, int (*numbers)[2], size_t *ret_n)
{
	struct rule_calls c = { .v = v,
				.n = n,
				.archs = { SCMP_ARCH_X86_64, SCMP_ARCH_X86 },
				.n_archs = 2,
				.numbers = &numbers[0][0] };
	struct fixed_call *fixed = NULL;

	for (size_t i = 0; i < n; i++)
		v[i].nr = numbers[i][0];
	fixed_calls_find(&c, &fixed, ret_n);
	return fixed;
}

static void assert_call(const struct fixed_call *c, uint32_t arch, uint32_t nr, uint32_t answer)
{
	assert_int_equal(c->arch, arch);
	assert_int_equal(c->nr, nr);
	assert_int_equal(c->answer, answer);
}

static void numbers_ascend_on_each_architecture(void **state UNUSED)
{
	struct rule_call v[] = { { &plain, 0, "write", .action = YES },
				 { &plain, 0, "read", .action = NO },
				 { &plain, 0, "old", .action = YES } };
	int numbers[][2] = { { 1, 4 }, { 0, 3 }, { LACKING, 9 } };
	size_t n = 0;
	autofree struct fixed_call *fixed = find(v, 3, numbers, &n);

	assert_int_equal(n, 5);
	assert_call(&fixed[0], AUDIT_ARCH_I386, 3, NO);
	assert_call(&fixed[1], AUDIT_ARCH_I386, 4, YES);
	assert_call(&fixed[2], AUDIT_ARCH_I386, 9, YES);
	assert_call(&fixed[3], AUDIT_ARCH_X86_64, 0, NO);
	assert_call(&fixed[4], AUDIT_ARCH_X86_64, 1, YES);
	assert_true(v[0].fixed && v[1].fixed && v[2].fixed);
}

static void of_two_rules_the_first_holds(void **state UNUSED)
{
	struct rule_call v[] = { { &plain, 0, "read", .action = NO },
				 { &plain, 1, "read", .action = YES } };
	int numbers[][2] = { { 0, 3 }, { 0, 3 } };
	size_t n = 0;
	autofree struct fixed_call *fixed = find(v, 2, numbers, &n);

	assert_int_equal(n, 2);
	assert_call(&fixed[0], AUDIT_ARCH_I386, 3, NO);
	assert_call(&fixed[1], AUDIT_ARCH_X86_64, 0, NO);
}

static void a_condition_anywhere_leaves_the_call_open(void **state UNUSED)
{
	struct rule_call v[] = { { &plain, 0, "clone", .action = YES },
				 { &conditional, 1, "clone", .action = NO },
				 { &plain, 2, "read", .action = YES } };
	int numbers[][2] = { { 56, 120 }, { 56, 120 }, { 0, 3 } };
	size_t n = 0;
	autofree struct fixed_call *fixed = find(v, 3, numbers, &n);

	assert_int_equal(n, 2);
	assert_call(&fixed[1], AUDIT_ARCH_X86_64, 0, YES);
	assert_false(v[0].fixed || v[1].fixed);
}

static void what_says_the_same_as_the_default_counts_for_nothing(void **state UNUSED)
{
	struct rule_call v[] = { { &conditional, 0, "read", .action = NO, .idle = true },
				 { &plain, 1, "read", .action = YES } };
	int numbers[][2] = { { 0, 3 }, { 0, 3 } };
	size_t n = 0;
	autofree struct fixed_call *fixed = find(v, 2, numbers, &n);

	assert_int_equal(n, 2);
	assert_call(&fixed[1], AUDIT_ARCH_X86_64, 0, YES);
	assert_false(v[0].fixed);
}

static void a_call_that_another_stands_for_is_left_open(void **state UNUSED)
{
	struct rule_call v[] = { { &plain, 0, "socket", .action = YES } };
	int numbers[][2] = { { 41, SHARED } };
	size_t n = 0;
	autofree struct fixed_call *fixed = find(v, 1, numbers, &n);

	assert_int_equal(n, 0);
	assert_false(v[0].fixed);
}

static void two_names_for_one_number_are_left_open(void **state UNUSED)
{
	struct rule_call v[] = { { &plain, 0, "new_name", .action = YES },
				 { &plain, 1, "old_name", .action = NO },
				 { &plain, 1, "read", .action = NO } };
	int numbers[][2] = { { 7, 5 }, { 8, 5 }, { 0, 3 } };
	size_t n = 0;
	autofree struct fixed_call *fixed = find(v, 3, numbers, &n);

	assert_int_equal(n, 2);
	assert_call(&fixed[0], AUDIT_ARCH_I386, 3, NO);
	assert_call(&fixed[1], AUDIT_ARCH_X86_64, 0, NO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_ascend_on_each_architecture),
		cmocka_unit_test(of_two_rules_the_first_holds),
		cmocka_unit_test(a_condition_anywhere_leaves_the_call_open),
		cmocka_unit_test(what_says_the_same_as_the_default_counts_for_nothing),
		cmocka_unit_test(a_call_that_another_stands_for_is_left_open),
		cmocka_unit_test(two_names_for_one_number_are_left_open),
	};

	return cmocka_run_group_tests_name("fixed", tests, NULL, NULL);
}
