/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: calls for which a profile says the same whatever the arguments are, which are nearly all.
 * They need no compiler; what is left to libseccomp is what only libseccomp says how it's meant:
 * conditions, and calls that some architectures make through socketcall and ipc.
 */
#ifndef RUNTIME_SECCOMP_FIXED_H
#define RUNTIME_SECCOMP_FIXED_H

#include "runtime/seccomp/calls.h"
#include "runtime/seccomp/shrink.h"

/* Marks the calls that are fixed.  *ret are their numbers, as seccomp_shrink() takes them, on all
 * the profile's architectures; it is owned. */
void fixed_calls_find(struct rule_calls *calls, struct fixed_call **ret, size_t *ret_n);

#endif
