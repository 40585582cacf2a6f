/* SPDX-License-Identifier: Apache-2.0 */
/* Controllers of a v2 tree on their way down to a group. */
#ifndef RUNTIME_CGROUP_PASS_DOWN_H
#define RUNTIME_CGROUP_PASS_DOWN_H

#include "runtime/cgroup/tree.h"

/* From the top down, as a group can pass on only what it was given.  What can't be had is left out:
 * the limit that needs it says so. */
void tree_pass_down(const struct cgroup_tree *t);

#endif
