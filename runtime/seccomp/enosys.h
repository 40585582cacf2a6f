/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs find out whether a kernel has a system call by its ENOSYS, and go
 * on with an older one.  A profile written before the call existed would give
 * its default answer instead, mostly EPERM, which they take for a real
 * failure.  So calls with numbers above everything a profile names answer
 * ENOSYS: its author can't have known them.
 */
#ifndef RUNTIME_SECCOMP_ENOSYS_H
#define RUNTIME_SECCOMP_ENOSYS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The highest number a profile names for one architecture. */
struct enosys_arch {
	uint32_t audit; /* AUDIT_ARCH_* as the kernel shows it to filters */
	bool x32;       /* shares AUDIT_ARCH_X86_64; its numbers carry X32_SYSCALL_BIT */
	int max;        /* without that bit; -1: it names none */
};

#define ENOSYS_MAX_ARCHS 24
/* Longest prologue, in instructions. */
#define ENOSYS_MAX_INSNS (2 + ENOSYS_MAX_ARCHS * 8)

/* Instructions to stand in front of a filter that begins by loading what it needs.  Returns how
 * many. */
size_t enosys_prologue(const struct enosys_arch *archs, size_t n,
		       struct sock_filter out[ENOSYS_MAX_INSNS]);

#endif
