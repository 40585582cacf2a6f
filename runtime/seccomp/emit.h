/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: a graph of tests to instructions. */
#ifndef RUNTIME_SECCOMP_EMIT_H
#define RUNTIME_SECCOMP_EMIT_H

#include <linux/filter.h>

#include "runtime/seccomp/graph.h"

/* What `root` leads to.  Returns how many instructions were written, 0 when BPF_MAXINSNS are not
 * enough. */
size_t seccomp_emit(const struct graph *g, uint32_t root, struct sock_filter out[BPF_MAXINSNS]);

#endif
