/* SPDX-License-Identifier: Apache-2.0 */
/* libseccomp's compiler. */
#ifndef RUNTIME_SECCOMP_SCMP_H
#define RUNTIME_SECCOMP_SCMP_H

#include "runtime/seccomp/calls.h"

/* A program for the calls that are not fixed; the others get the default.  *ret is owned. */
int scmp_build(const struct rule_calls *calls, uint32_t default_action, struct sock_filter **ret,
	       size_t *ret_n, struct err *e);

#endif
