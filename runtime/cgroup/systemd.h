/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The systemd driver: a container's group is that of a transient scope, which the system's systemd
 * makes, or the user's own where the caller is not root.  A scope is made around a process, so the
 * container's first one is cloned before and waits (cgroup_make_around()).
 *
 * Needs cgroup v2.  systemd gave up v1 in its version 258, and before that re-opens all devices of
 * a v1 group on each daemon-reload.
 */
#ifndef RUNTIME_CGROUP_SYSTEMD_H
#define RUNTIME_CGROUP_SYSTEMD_H

#include "runtime/cgroup/systemd_props.h"
#include "runtime/cgroup/tree.h"

struct systemd_scope {
	struct arena arena; /* owns all below */
	const char *id;
	const char *unit, *slice;
	bool user;            /* of the user's systemd */
	const char *subgroup; /* of the scope, for the container; NULL: none */
	struct props annotated;
	const char *below; /* cgroup_open(): the group in the scope that init is in, "" or "/..." */
};

/* Decide names and properties; adds the tree with the path it is going to have. */
int systemd_plan(struct cgroup *cg, const struct runtime_spec *spec, const char *id, struct err *e);
void systemd_scope_free(struct systemd_scope *s);

/* Make the scope with these limits around `pid`, and learn its path.  On failure there is none. */
int systemd_start(struct cgroup *cg, const struct limits *l, pid_t pid, struct err *e);
/* Have systemd move a process to where init is. */
int systemd_attach(const struct cgroup *cg, pid_t pid, struct err *e);
/* Tell systemd of limits that stand in the files already; `cpu_max` is what that file says, or
 * NULL.
 */
int systemd_set(const struct cgroup *cg, const struct limits *l, const char *cpu_max,
		struct err *e);
/* Kill what is left in it and wait until it is gone; none is fine. */
int systemd_stop(const struct cgroup *cg, struct err *e);

/* systemd_state.c: its part of the record. */
void systemd_to_record(const struct cgroup *cg, struct cgroup_record *ret);
int systemd_of_record(struct cgroup *cg, const struct cgroup_record *rec, struct err *e);

/* systemd_run.c: let the helper do it. */
int systemd_run(const struct request *req, struct err *e);

#endif
