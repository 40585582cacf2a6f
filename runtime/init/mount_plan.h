/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: mounts[] of config.json as an ordered list of operations.  Refuses what can
 * never work or would be unsafe, with its JSON path; asks the system nothing.
 */
#ifndef RUNTIME_INIT_MOUNT_PLAN_H
#define RUNTIME_INIT_MOUNT_PLAN_H

#include "oci-spec/runtime_spec.h"
#include "runtime/init/idmap_text.h"
#include "runtime/init/mount_opts.h"

enum mount_op_kind {
	MOUNT_OP_NEW,     /* a file system of its own */
	MOUNT_OP_BIND,    /* an existing tree */
	MOUNT_OP_CGROUP,  /* what the container may see of the hierarchies */
	MOUNT_OP_REMOUNT, /* new flags for what is mounted there */
};

struct mount_op {
	enum mount_op_kind kind;
	size_t index;     /* of mounts[] */
	const char *type; /* borrowed */
	char *source;     /* owned; a bind's is absolute */
	char *dest;       /* owned; absolute and clean, as the container sees it */
	const struct spec_mount *spec;
	struct mount_opts opts;
	bool mapped;                 /* ids are mapped: by uids and gids, or by */
	struct oci_array uids, gids; /* (empty) the container's; borrowed, from the document or */
	struct idmap_text idmap;     /* from an option; owned */
	bool no_symlinks; /* proc, sysfs: the way to the destination must hold no symlink */
	bool procfs_only; /* a bind on /proc: the source must be a procfs */
	bool late_ro;     /* becomes read-only when everything inside it was made */
};

struct mount_plan {
	struct mount_op *ops; /* owned */
	size_t n;
	bool dev_is_bind; /* /dev is a tree of the host's, of which devtmpfs has only one: nothing
			     may be made there */
	bool has_devpts;  /* something is mounted on /dev/pts */
	const char *context_key; /* the option that linux.mountLabel becomes */
};

int mount_plan_make(const struct runtime_spec *spec, const char *bundle, struct mount_plan *ret,
		    struct err *e);
void mount_plan_done(struct mount_plan *p);

#endif
