/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups below a group.  A container that was given its own may have made any number, at any
 * depth: their paths may be longer than the kernel takes, so nobody forms one.
 */
#ifndef RUNTIME_CGROUP_GROUPS_H
#define RUNTIME_CGROUP_GROUPS_H

#include "libutil/err.h"

#define GROUPS_MAX (1 << 20)

/* `name` below `parentfd` is a group.  A result other than 0 ends the walk. */
typedef int groups_fn(int parentfd, const char *name, void *ctx, struct err *e);

/* Call `fn` for each group below `dirfd`, children before their parents.  Returns 0, or what `fn`
 * ended the walk with. */
int groups_each(int dirfd, groups_fn *fn, void *ctx, struct err *e);

#endif
