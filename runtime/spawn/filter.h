/* SPDX-License-Identifier: Apache-2.0 */
/* The system call filter of a document, compiled or taken from what ROOT keeps. */
#ifndef RUNTIME_SPAWN_FILTER_H
#define RUNTIME_SPAWN_FILTER_H

#include "runtime/container/store.h"
#include "runtime/seccomp/seccomp.h"

/* Without linux.seccomp nothing is done and *ret stays as it is, else it is the caller's. */
int filter_compile(const struct store *s, const struct runtime_spec *spec,
		   struct seccomp_program *ret, struct err *e);

#endif
