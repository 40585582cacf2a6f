/* SPDX-License-Identifier: Apache-2.0 */
/* Write a list of limits into a container's groups. */
#ifndef RUNTIME_CGROUP_APPLY_H
#define RUNTIME_CGROUP_APPLY_H

#include "runtime/cgroup/limits.h"
#include "runtime/cgroup/tree.h"
#include "runtime/cgroup/undo.h"

/* Ask the host which controllers its v2 tree has, once for all that follows. */
int apply_learn(struct cgroup *cg, struct err *e);
/* The list for the layout `cg` has. */
int apply_decide(const struct cgroup *cg, const struct spec_resources *r, struct limits *ret,
		 struct err *e);
/* Every limit that can't be left out has its controller on this host; asks without changing
 * anything. */
int apply_check(const struct cgroup *cg, const struct limits *l, struct err *e);
/* Groups must be open.  `undo` (may be NULL) receives what each file said before. */
int apply_limits(const struct cgroup *cg, const struct limits *l, struct undo *undo, struct err *e);
/* Some limit is for a controller of the v2 tree: it has to be passed down to the group. */
bool apply_needs_v2(const struct limits *l);
/* memory.checkBeforeUpdate: a limit below what is in use would kill. */
int apply_check_usage(const struct cgroup *cg, const struct spec_resources *r, struct err *e);

#endif
