/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container's control group, whatever the layout (v2, v1, hybrid: v1
 * controllers plus a v2 tree) and the driver (cgroupfs, systemd, disabled).
 *
 * Order of use: cgroup_plan() decides the paths (no change to the system; they
 * go into the state file before anything is made), cgroup_make() makes them and
 * applies limits, then either the clone goes into cgroup_clone_fd() or the child
 * calls cgroup_enter_self().  Where cgroup_needs_process(), the child is cloned
 * first and waits, while cgroup_make_around() does the work of cgroup_make() with
 * it inside; then the child calls cgroup_find_self().
 */
#ifndef RUNTIME_CGROUP_CGROUP_H
#define RUNTIME_CGROUP_CGROUP_H

#include <sys/types.h>

#include "libutil/strv.h"
#include "oci-spec/codec.h"
#include "oci-spec/runtime_spec.h"

enum cgroup_driver { CGROUP_FS, CGROUP_SYSTEMD, CGROUP_DISABLED };
enum cgroup_layout { CGROUP_V2, CGROUP_V1, CGROUP_HYBRID };

struct cgroup; /* opaque */

/* Where /sys/fs/cgroup stands; read once per process. */
int cgroup_layout(enum cgroup_layout *ret, struct err *e);

/* Decide: paths per hierarchy from linux.cgroupsPath (absolute: below the mount; relative or
 * absent: beside the caller's own cgroup in v2, below it in v1; "slice:prefix:name" for the systemd
 * driver). A limit the layout or host cannot honour is an error here that names the JSON path. *ret
 * is owned. */
int cgroup_plan(const struct runtime_spec *spec, const char *id, enum cgroup_driver driver,
		bool rootless, struct cgroup **ret, struct err *e);
void cgroup_free(struct cgroup *cg);
/* The container has no groups, by the driver or for want of rights: nothing is counted. */
bool cgroup_is_none(const struct cgroup *cg);

/* What is kept of a group from one call of creel to the next, as rows: it is decoded and encoded
 * together with the container's record. */
struct cgroup_record_tree {
	const char *controllers, *mount, *path; /* struct cgroup_tree */
	bool reused;
};
struct cgroup_record {
	int driver, layout; /* 1 + the enum: 0 is none */
	bool rootless;
	const char *unit; /* of the systemd driver */
	bool user_manager;
	struct oci_array trees; /* struct cgroup_record_tree */
};
extern const struct field_type cgroup_record_type;
/* *ret borrows from `cg` and lies in `a`. */
void cgroup_to_record(const struct cgroup *cg, struct arena *a, struct cgroup_record *ret);
/* *ret is owned and borrows nothing. */
int cgroup_of_record(const struct cgroup_record *rec, struct cgroup **ret, struct err *e);

/* Make the groups (an existing one with processes in it is -EEXIST) and apply every limit. On
 * failure what was made is removed. */
int cgroup_make(struct cgroup *cg, const struct spec_resources *r, struct err *e);
/* True for the systemd driver: a scope is made around a process. */
bool cgroup_needs_process(const struct cgroup *cg);
/* cgroup_make(), and `pid` is in the group when it returns. */
int cgroup_make_around(struct cgroup *cg, const struct spec_resources *r, pid_t pid, struct err *e);
/* Called by that process, whose copy of `cg` knows no more than the plan: learn the path. */
int cgroup_find_self(struct cgroup *cg, struct err *e);
/* config-linux.md, "Cgroup ownership": a container with a cgroup namespace of its own that sees its
 * group writable gets it for its user's own. */
int cgroup_delegate(const struct cgroup *cg, const struct runtime_spec *spec, bool own_namespace,
		    struct err *e);
/* Put the device policy on groups just made.  Apart, because it takes a while and init does not
 * need it: it must be there before anybody else's program runs. */
int cgroup_restrict_devices(const struct cgroup *cg, const struct spec_resources *r, struct err *e);
/* False for v1: it is told "nothing" and then what is allowed, a line each, and a process that is
 * in the group meanwhile is refused what it may have a moment later.  There the policy comes first.
 */
bool cgroup_restricts_at_once(const struct cgroup *cg);
/* A descriptor for CLONE_INTO_CGROUP (borrowed), also in a hybrid layout; -1 without a v2 tree.
 * Going in by the clone spares a lock of the whole system, whose first taker waits for 10 ms and
 * more. */
int cgroup_clone_fd(const struct cgroup *cg);
/* Called by the child itself, while it has one thread; uses descriptors opened by
 * cgroup_make()/cgroup_open(). `cloned_into`: it was born in cgroup_clone_fd(), so that only v1
 * groups are left to enter. */
int cgroup_enter_self(const struct cgroup *cg, bool cloned_into, struct err *e);
/* Put another process into the groups that cgroup_make() made. */
int cgroup_enter(const struct cgroup *cg, pid_t pid, struct err *e);
/* Open an existing container's groups for exec: also where init moved to a sub-group. `subs` (may
 * be NULL) names groups below (exec --cgroup): "PATH" for all hierarchies, or
 * "CONTROLLER[,...]:PATH", where "unified" is the v2 tree. */
int cgroup_open(struct cgroup *cg, pid_t init_pid, const struct strv *subs, struct err *e);
/* exec: only systemd may move a process in, where the caller owns no group above both. */
bool cgroup_can_attach(const struct cgroup *cg);
int cgroup_attach(const struct cgroup *cg, pid_t pid, struct err *e);
/* Each mounted hierarchy: controllers text ("cpu,cpuacct", "name=systemd", "" for v2), mount point,
 * this group's path below it.  For mounts of type cgroup in init. */
typedef int cgroup_hierarchy_fn(const char *controllers, const char *mountpoint, const char *path,
				void *ctx, struct err *e);
int cgroup_each(const struct cgroup *cg, cgroup_hierarchy_fn *fn, void *ctx, struct err *e);

/* False: the driver is disabled, or an ordinary user may make no group. */
bool cgroup_has_group(const struct cgroup *cg);
int cgroup_freeze(const struct cgroup *cg, bool freeze, struct err *e);
/* 1 frozen, 0 not (or gone). */
int cgroup_is_frozen(const struct cgroup *cg, struct err *e);

/* The roots of two hierarchies, kept open by who asks that of many groups: from there the way is
 * shorter. */
struct cgroup_eye {
	char *mount[2]; /* owned */
	int fd[2];
};
#define CGROUP_EYE_NONE                                                                            \
	{                                                                                          \
		.fd = { -1, -1 }                                                                   \
	}
int cgroup_record_is_frozen(const struct cgroup_record *rec, struct cgroup_eye *eye, struct err *e);
void cgroup_eye_done(struct cgroup_eye *eye);
AUTO_DEFINE_DONE(cgroup_eye, cgroup_eye_done)
/* All processes in the group and below, ascending; *ret is owned. */
int cgroup_pids(const struct cgroup *cg, pid_t **ret, size_t *ret_n, struct err *e);
/* Send a signal to every process (SIGKILL: cgroup.kill where it exists, else freeze, signal, thaw).
 */
int cgroup_kill(const struct cgroup *cg, int sig, struct err *e);
/* Remove groups recursively, and the systemd driver's scope; what is gone already is fine; waits
 * briefly for dying processes (by events, then bounded retries), else -EBUSY. */
int cgroup_destroy(const struct cgroup *cg, struct err *e);
/* Change limits of a live container. */
int cgroup_update(const struct cgroup *cg, const struct spec_resources *r, struct err *e);
/* Two lists of device rules mean the same. */
bool cgroup_same_devices(const struct spec_resources *x, const struct spec_resources *y);

#endif
