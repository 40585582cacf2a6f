/* SPDX-License-Identifier: Apache-2.0 */
/* Write a list of limits into a container's groups. */
#ifndef RUNTIME_CGROUP_APPLY_H
#define RUNTIME_CGROUP_APPLY_H

#include "runtime/cgroup/limits.h"
#include "runtime/cgroup/tree.h"

/* The list for the layout `cg` has. */
int apply_decide(const struct cgroup *cg, const struct spec_resources *r, struct limits *ret,
		 struct err *e);
/* Every limit that can't be left out has its controller on this host; asks without changing
 * anything. */
int apply_check(const struct cgroup *cg, const struct limits *l, struct err *e);
/* Groups must be open. */
int apply_limits(const struct cgroup *cg, const struct limits *l, struct err *e);
/* memory.checkBeforeUpdate: a limit below what is in use would kill. */
int apply_check_usage(const struct cgroup *cg, const struct spec_resources *r, struct err *e);

#endif
