/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that decides what a profile compiles to, as bytes. */
#ifndef RUNTIME_SECCOMP_KEY_H
#define RUNTIME_SECCOMP_KEY_H

#include <stdint.h>

#include "libutil/strbuf.h"
#include "runtime/seccomp/seccomp.h"

/* Two profiles have the same bytes only when they say the same. The kernel's release and
 * libseccomp's version are part of it: both decide what can be compiled. */
void seccomp_key(const struct spec_seccomp *profile, bool fail_unknown, struct strbuf *out);
/* A quick hash, to find a file by; equality is decided by the bytes. */
uint64_t seccomp_hash(const void *data, size_t len);

#endif
