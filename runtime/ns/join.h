/* SPDX-License-Identifier: Apache-2.0 */
/* Enter namespaces: by path as config.json says, or all of a process at once. */
#ifndef RUNTIME_NS_JOIN_H
#define RUNTIME_NS_JOIN_H

#include "runtime/ns/plan.h"

/* Enter one namespace; a file of another type (or none) is -EINVAL.  Entering a pid namespace
 * concerns children only. */
int ns_join_path(enum oci_namespace type, const char *path, struct err *e);
/* Enter all of plan->joins.  Every file is opened before the first is entered, since a joined mount
 * namespace changes what paths mean. */
int ns_join_plan(const struct ns_plan *plan, struct err *e);
/* Enter those namespaces of a process that `has` names, `but` (OCI_NS_NONE: nothing) left out: one
 * setns(), or one for each file of /proc/PID/ns where the kernel (before 5.8) takes no pidfd. */
int ns_join_pidfd(int pidfd, const bool has[OCI_NS_COUNT], enum oci_namespace but, struct err *e);

#endif
