/* SPDX-License-Identifier: Apache-2.0 */
/* One operation of the mount plan, done. */
#ifndef RUNTIME_INIT_MOUNT_OP_H
#define RUNTIME_INIT_MOUNT_OP_H

#include "runtime/init/mount.h"
#include "runtime/init/stage.h"

/* Errors name the operation: `mounts[3]: mount tmpfs on '/tmp': ...`. */
int mount_op_perform(struct init *in, struct mount_op *op, struct err *e);
/* Make read-only what had to stay writable until now. */
int mount_op_finish(struct init *in, const struct mount_op *op, struct err *e);

/* mount_cgroup.c: mounts of type cgroup and cgroup2. */
int mount_op_cgroup(struct init *in, struct mount_op *op, struct err *e);

/* mount_new.c: mounts that are file systems of their own. */
int mount_op_new(struct init *in, const struct mount_op *op, struct err *e);
/* mount_new.c, for prepare.c: that file system. */
struct mount_fs mount_op_describe(const struct init_job *job, const struct mount_plan *plan,
				  const struct mount_op *op);

/* tmpcopyup.c: copy what is below `fromfd` (a directory, O_PATH) into the directory `tofd`: names,
 * modes, owners, times, links, devices and extended attributes.  `keep_root`: `tofd` itself keeps
 * the mode it was mounted with. */
int tmpcopyup(int fromfd, int tofd, bool keep_root, struct err *e);

/* mount_op.c, also for prepare.c: open the source of a bind, O_PATH; -1 with errno. */
int mount_source_open(const struct mount_op *op);
/* mount_op.c, for the others: a tree that prepare.c opened for this operation, borrowed; or -1. */
int mount_op_prepared(const struct init *in, const struct mount_op *op);
/* mount_op.c: ids, recursive flags and propagation of a tree. */
int mount_op_dress(const struct init *in, const struct mount_op *op, int treefd, struct err *e);
/* mount_op.c: the mount replaces the root itself when it goes on "/"; dev.c wants to know its own
 * again. */
int mount_op_remember(struct init *in, const struct mount_op *op, int treefd, struct err *e);
/* mount_op.c: the place of an operation, made if missing; O_PATH. */
int mount_op_target(struct init *in, const struct mount_op *op, bool want_dir, struct err *e);
/* mount_op.c: flags, propagation of a tree, then attach it. */
int mount_op_place(struct init *in, const struct mount_op *op, int treefd, int targetfd,
		   struct err *e);

#endif
