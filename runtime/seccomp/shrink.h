/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: a program that answers as another one does, in fewer instructions and steps.  The kernel
 * verifies and translates all instructions whenever a container starts, and runs a new filter once
 * for each system call there is.
 */
#ifndef RUNTIME_SECCOMP_SHRINK_H
#define RUNTIME_SECCOMP_SHRINK_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* A call that gets `answer` whatever its arguments are and the program says. */
struct fixed_call {
	uint32_t arch; /* AUDIT_ARCH_* */
	uint32_t nr;
	uint32_t answer; /* SECCOMP_RET_* */
};

/* `archs` are those that the program or a fixed call names, the one that matters most first; the
 * fixed calls ascend by architecture and number and name each once.  *ret is owned.  -EOPNOTSUPP
 * for a program that does what this code does not understand, -E2BIG for one that needs too much.
 */
int seccomp_shrink(const struct sock_filter *v, size_t n, const uint32_t *archs, size_t n_archs,
		   const struct fixed_call *calls, size_t n_calls, struct sock_filter **ret,
		   size_t *ret_n);

#endif
