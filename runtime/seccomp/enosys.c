/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/enosys.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#define X32_BIT  0x40000000U
#define X32_NONE (-1)

struct code {
	struct sock_filter *v;
	size_t n;
};

static void emit(struct code *c, unsigned op, uint32_t k, unsigned jt, unsigned jf)
{
	c->v[c->n++] = (struct sock_filter){ (uint16_t)op, (uint8_t)jt, (uint8_t)jf, k };
}

/* A number above `max` ends the program. */
static void emit_above(struct code *c, uint32_t max)
{
	emit(c, BPF_JMP | BPF_JGT | BPF_K, max, 0, 1);
	emit(c, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
}

static int max_of_x32(const struct enosys_arch *archs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (archs[i].x32)
			return archs[i].max;
	return X32_NONE;
}

/*
 * x86_64 numbers end where those of x32 begin.  Without x32 in the profile
 * they are left to the filter, which refuses the architecture.
 */
static void emit_x86_64(struct code *c, int max, int x32_max)
{
	size_t split = c->n;

	emit(c, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 0);
	if (max >= 0)
		emit_above(c, (uint32_t)max);
	if (x32_max < 0) {
		/* Over the native comparison. */
		c->v[split].jt = (uint8_t)(c->n - split - 1);
		return;
	}
	emit(c, BPF_JMP | BPF_JA, 2, 0, 0);
	c->v[split].jt = (uint8_t)(c->n - split - 1);
	emit_above(c, X32_BIT + (uint32_t)x32_max);
}

size_t enosys_prologue(const struct enosys_arch *archs, size_t n,
		       struct sock_filter out[ENOSYS_MAX_INSNS])
{
	struct code c = { .v = out };

	for (size_t i = 0; i < n && i < ENOSYS_MAX_ARCHS; i++) {
		int x32_max = archs[i].audit == AUDIT_ARCH_X86_64 ? max_of_x32(archs, n) : X32_NONE;
		size_t test;

		if (archs[i].x32 || (archs[i].max < 0 && x32_max < 0))
			continue;
		emit(&c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
		test = c.n;
		emit(&c, BPF_JMP | BPF_JEQ | BPF_K, archs[i].audit, 0, 0);
		emit(&c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
		if (archs[i].audit == AUDIT_ARCH_X86_64)
			emit_x86_64(&c, archs[i].max, x32_max);
		else
			emit_above(&c, (uint32_t)archs[i].max);
		c.v[test].jf = (uint8_t)(c.n - test - 1);
	}
	return c.n;
}
