/* SPDX-License-Identifier: Apache-2.0 */
/* The slow part: a profile to instructions. */
#ifndef RUNTIME_SECCOMP_BUILD_H
#define RUNTIME_SECCOMP_BUILD_H

#include "runtime/seccomp/seccomp.h"

/* *ret is an owned array of instructions, the ENOSYS prologue included. */
int seccomp_build(const struct spec_seccomp *profile, bool fail_unknown, struct sock_filter **ret,
		  size_t *ret_n, struct err *e);
/* What libseccomp alone makes of it: five times as long, and the same answers.  seccomp_build()
 * falls back to it. */
int seccomp_build_plain(const struct spec_seccomp *profile, bool fail_unknown,
			struct sock_filter **ret, size_t *ret_n, struct err *e);

#endif
