/* SPDX-License-Identifier: Apache-2.0 */
/* Architecture names of the runtime-spec. */
#ifndef RUNTIME_SECCOMP_ARCH_H
#define RUNTIME_SECCOMP_ARCH_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/err.h"

/* libseccomp's token for "SCMP_ARCH_X86_64"; 0 for a name that is legal but unknown to this
 * libseccomp (nothing of it can run here).  -EINVAL for any other text. */
int seccomp_arch_parse(const char *name, uint32_t *ret);
/* Name number `i`, NULL behind the last. */
const char *seccomp_arch_name(size_t i);

#endif
