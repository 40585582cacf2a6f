/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/shrink.h"

#include <errno.h>
#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "tests/unit/runtime/seccomp/equal.h"

#define LOAD(member)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF(op, k, t, f) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, t, f)
#define ANSWER(x)       BPF_STMT(BPF_RET | BPF_K, x)
#define PROGRAM(...)                                                                               \
	(const struct sock_filter[])                                                               \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386 };

static int shrink(const struct sock_filter *v, size_t n, const struct fixed_call *calls,
		  size_t n_calls, struct sock_filter **ret, size_t *ret_n)
{
	return seccomp_shrink(v, n, archs, 2, calls, n_calls, ret, ret_n);
}

/* The answers stay; returns how many instructions they take. */
static size_t shrink_same(const struct sock_filter *v, size_t n)
{
	autofree struct sock_filter *out = NULL;
	struct source s = { .state = 1 };
	struct seccomp_data call;
	size_t n_out = 0;

	assert_int_equal(shrink(v, n, NULL, 0, &out, &n_out), 0);
	if (!programs_agree((struct program){ v, n }, (struct program){ out, n_out }, &s, &call))
		fail_msg("arch 0x%x nr %u arg0 0x%llx", call.arch, (unsigned)call.nr, call.args[0]);
	return n_out;
}

static void refused(const struct sock_filter *v, size_t n)
{
	struct sock_filter *out = NULL;
	size_t n_out = 0;

	assert_int_equal(shrink(v, n, NULL, 0, &out, &n_out), -EOPNOTSUPP);
	assert_null(out);
}
#define REFUSED(...)                                                                               \
	refused(PROGRAM(__VA_ARGS__), sizeof(PROGRAM(__VA_ARGS__)) / sizeof(struct sock_filter))

#define SAME(...)                                                                                  \
	shrink_same(PROGRAM(__VA_ARGS__), sizeof(PROGRAM(__VA_ARGS__)) / sizeof(struct sock_filter))

/* 50 to 99 are answered with 7, by a comparison each. */
static void a_row_of_numbers_becomes_a_range(void **state UNUSED)
{
	struct sock_filter v[53] = { LOAD(nr) };

	for (unsigned i = 0; i < 50; i++)
		v[1 + i] = (struct sock_filter)IF(BPF_JEQ, 50 + i, (uint8_t)(50 - i), 0);
	v[51] = (struct sock_filter)ANSWER(1);
	v[52] = (struct sock_filter)ANSWER(7);
	assert_int_equal(shrink_same(v, ARRAY_LEN(v)), 5);
}

static void what_is_the_same_for_all_is_not_asked(void **state UNUSED)
{
	assert_int_equal(SAME(LOAD(arch), IF(BPF_JEQ, AUDIT_ARCH_X86_64, 0, 2), LOAD(nr),
			      IF(BPF_JGT, 5, 1, 0), ANSWER(9), ANSWER(9)),
			 1);
}

static void arguments_are_asked_as_before(void **state UNUSED)
{
	assert_int_equal(SAME(LOAD(nr), IF(BPF_JEQ, 5, 0, 6), LOAD(args[0]),
			      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0), IF(BPF_JEQ, 0x30, 0, 3),
			      LOAD(args[1]), IF(BPF_JSET, 3, 0, 1), ANSWER(1), ANSWER(2)),
			 9);
	/* The word is loaded already, however one came here. */
	assert_int_equal(SAME(LOAD(nr), IF(BPF_JGE, 5, 0, 4), LOAD(args[0]), IF(BPF_JEQ, 1, 1, 0),
			      IF(BPF_JEQ, 2, 0, 1), ANSWER(1), ANSWER(2)),
			 7);
}

/* More tests and answers than one jump skips. */
static void far_jumps_arrive(void **state UNUSED)
{
	enum { CALLS = 700 };
	struct sock_filter v[2 * CALLS + 2] = { LOAD(nr) };

	for (unsigned i = 0; i < CALLS; i++) {
		v[2 * i + 1] = (struct sock_filter)IF(BPF_JEQ, 3 * i, 0, 1);
		v[2 * i + 2] = (struct sock_filter)ANSWER(i % 300);
	}
	v[2 * CALLS + 1] = (struct sock_filter)ANSWER(1000);
	(void)shrink_same(v, ARRAY_LEN(v));
}

/* The same for conditions: each that fails goes on to the next. */
static void far_conditions_arrive(void **state UNUSED)
{
	enum { CONDITIONS = 600 };
	struct sock_filter v[2 * CONDITIONS + 3] = { LOAD(args[2]) };

	v[1] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffff);
	for (unsigned i = 0; i < CONDITIONS; i++) {
		v[2 * i + 2] = (struct sock_filter)IF(BPF_JEQ, i, 0, 1);
		v[2 * i + 3] = (struct sock_filter)ANSWER(i % 140);
	}
	v[2 * CONDITIONS + 2] = (struct sock_filter)ANSWER(1000);
	(void)shrink_same(v, ARRAY_LEN(v));
}

static void fixed_calls_are_laid_over_the_program(void **state UNUSED)
{
	static const struct fixed_call calls[] = { { AUDIT_ARCH_I386, 4, 40 },
						   { AUDIT_ARCH_X86_64, 0, 50 },
						   { AUDIT_ARCH_X86_64, UINT32_MAX, 60 } };
	static const struct sock_filter one[] = { ANSWER(1) };
	struct seccomp_data call = { .arch = AUDIT_ARCH_I386, .nr = 4 };
	autofree struct sock_filter *out = NULL;
	struct program p = { 0 };

	assert_int_equal(shrink(one, 1, calls, 3, &out, &p.n), 0);
	p.v = out;
	assert_int_equal(program_run(p, &call), 40);
	call.nr = 0;
	assert_int_equal(program_run(p, &call), 1);
	call.arch = AUDIT_ARCH_X86_64;
	assert_int_equal(program_run(p, &call), 50);
	call.nr = 1;
	assert_int_equal(program_run(p, &call), 1);
	call.nr = -1;
	assert_int_equal(program_run(p, &call), 60);
	call.arch = AUDIT_ARCH_AARCH64;
	assert_int_equal(program_run(p, &call), 1);
}

static void what_it_does_not_understand_is_refused(void **state UNUSED)
{
	/* Bits of the number, ranges of architectures, unknown ones, nothing at all. */
	REFUSED(LOAD(nr), IF(BPF_JSET, 1, 0, 1), ANSWER(1), ANSWER(2));
	REFUSED(LOAD(nr), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 3), IF(BPF_JEQ, 1, 0, 1), ANSWER(1),
		ANSWER(2));
	REFUSED(LOAD(arch), IF(BPF_JGE, AUDIT_ARCH_X86_64, 0, 1), ANSWER(1), ANSWER(2));
	REFUSED(LOAD(arch), IF(BPF_JEQ, AUDIT_ARCH_S390X, 0, 1), ANSWER(1), ANSWER(2));
	REFUSED(IF(BPF_JEQ, 0, 0, 1), ANSWER(1), ANSWER(2));
	REFUSED(LOAD(nr), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1), ANSWER(1));
	REFUSED(LOAD(nr), BPF_STMT(BPF_RET | BPF_A, 0));
	/* Off its end. */
	REFUSED(LOAD(nr));
	REFUSED(LOAD(nr), IF(BPF_JEQ, 1, 0, 1), ANSWER(1));
}

static void more_than_the_kernel_takes_is_refused(void **state UNUSED)
{
	static struct fixed_call calls[BPF_MAXINSNS];
	static const struct sock_filter one[] = { ANSWER(1) };
	struct sock_filter *out = NULL;
	size_t n = 0;

	for (uint32_t i = 0; i < BPF_MAXINSNS; i++)
		calls[i] = (struct fixed_call){ AUDIT_ARCH_X86_64, 5 * i, i };
	assert_int_equal(shrink(one, 1, calls, BPF_MAXINSNS, &out, &n), -E2BIG);
	assert_null(out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_of_numbers_becomes_a_range),
		cmocka_unit_test(what_is_the_same_for_all_is_not_asked),
		cmocka_unit_test(arguments_are_asked_as_before),
		cmocka_unit_test(far_jumps_arrive),
		cmocka_unit_test(far_conditions_arrive),
		cmocka_unit_test(fixed_calls_are_laid_over_the_program),
		cmocka_unit_test(what_it_does_not_understand_is_refused),
		cmocka_unit_test(more_than_the_kernel_takes_is_refused),
	};

	return cmocka_run_group_tests_name("shrink", tests, NULL, NULL);
}
