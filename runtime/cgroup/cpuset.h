/* SPDX-License-Identifier: Apache-2.0 */
/* v1: a new cpuset has no processors and no memory, and nobody can enter it. */
#ifndef RUNTIME_CGROUP_CPUSET_H
#define RUNTIME_CGROUP_CPUSET_H

#include "runtime/cgroup/tree.h"

/* Fill cpuset.cpus and cpuset.mems of the group and of its ancestors from the next one that has
 * them. */
int cpuset_inherit(const struct cgroup_tree *t, struct err *e);

#endif
