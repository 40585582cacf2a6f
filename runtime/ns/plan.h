/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: which namespaces to make, which to join, by whom and in which order.
 * Makes no system call.
 *
 *   host  setns(pid)            a pid namespace is entered by children only; the host side goes
 *                               back after the clone
 *   clone3(clone_flags)         new namespaces; a new user namespace owns the others
 *   init  setns(...)            joins, in the order of `joins`: user first, since it grants the
 *                               rights to the rest
 *   init  unshare(late_flags)   cgroup: its root is the cgroup one is in at that moment, so after
 *                               the move; time: offsets are written before anybody is in it
 *
 * `intermediate` says that one clone is not enough: a pid namespace is joined by who may not return
 * from it (decided in spawn/spawn.c); a user namespace is joined by path, so new
 * namespaces must be made after the join to belong to it; or a new user namespace comes with joins,
 * which its members would have no right to; or exec joins a pid namespace.  There may be somebody
 * with CAP_SYS_PTRACE over our user namespace, of the container's own or brought by an earlier
 * exec, who may look at any process in sight, whatever prctl(2) says: /proc/PID/root would be the
 * host's until the other namespaces are entered.  So exec's process comes in when it has nothing to
 * show.
 *
 * The host side clones the intermediate without any CLONE_NEW* flag; it makes the joins, clones
 * init with clone_flags and CLONE_PARENT, reports the pid (SYNC_PID) and exits.
 */
#ifndef RUNTIME_NS_PLAN_H
#define RUNTIME_NS_PLAN_H

#include "libutil/err.h"
#include "oci-spec/runtime_spec.h"

struct ns_join {
	enum oci_namespace type;
	const char *path; /* borrowed from the spec */
};

struct ns_plan {
	bool intermediate;
	uint64_t clone_flags; /* CLONE_NEW* of the clone3() that makes init */
	uint64_t late_flags;  /* unshare() in init, after the cgroup move: NEWCGROUP, NEWTIME */
	struct ns_join joins[OCI_NS_COUNT]; /* without pid */
	size_t n_joins;
	const char *pid_path; /* joined before the clone by the host side (or the intermediate);
				 NULL: none */
	bool new_userns;
	bool has[OCI_NS_COUNT]; /* new or joined: not the host's */
	bool is_new[OCI_NS_COUNT];
};

/* The CLONE_NEW* flag of a type. */
uint64_t ns_clone_flag(enum oci_namespace type);
/* "network", for messages. */
const char *ns_name(enum oci_namespace type);

/* Duplicate types were refused by runtime_spec_check().  Fails on combinations that cannot work (a
 * hostname without a uts namespace, mappings without a user namespace, ...) naming the JSON path.
 */
int ns_plan_make(const struct runtime_spec *spec, struct ns_plan *ret, struct err *e);

/* INIT_EXEC: the plan of one more process in a container made from `spec`. */
void ns_plan_exec(const struct runtime_spec *spec, struct ns_plan *ret);

#endif
