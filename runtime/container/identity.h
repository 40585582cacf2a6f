/* SPDX-License-Identifier: Apache-2.0 */
/* Which process a record names: numbers are given away again, processes are not. */
#ifndef RUNTIME_CONTAINER_IDENTITY_H
#define RUNTIME_CONTAINER_IDENTITY_H

#include "libutil/err.h"
#include "runtime/container/record.h"

/* A pidfd of the process that a record names (phase RECORD_MADE), or -ESRCH when it is gone, or
 * only a zombie. */
int identity_open(const struct record *rec, struct err *e);
/* What tells the process of a pidfd from any other of this boot; not set on older kernels, nor when
 * what is written in the directory `dirfd` outlives the boot. */
void identity_inode(int pidfd, int dirfd, struct opt_u64 *ret);

#endif
