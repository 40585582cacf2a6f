/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounting by descriptor.  A mount is first made detached ("tree": a descriptor of
 * its root), gets its flags, and is then attached to a descriptor of its place,
 * so that nobody ever sees it half made and no path is resolved twice.
 *
 * Each function falls back to mount(2) through /proc/self/fd where the kernel or a
 * filter refuses the newer calls.
 */
#ifndef RUNTIME_INIT_MOUNT_H
#define RUNTIME_INIT_MOUNT_H

#include "runtime/init/mount_opts.h"

/* A file system to make. */
struct mount_fs {
	const char *type;
	const char *source;      /* NULL: none */
	const char *const *data; /* words for the file system */
	size_t n_data;
	uint32_t super_set, super_clear;
	uint64_t attr;           /* MOUNT_ATTR_* */
	const char *context;     /* SELinux label of its files; NULL: none */
	const char *context_key; /* the option it is given by */
	bool may_lack_gid;       /* a `gid=` that has no place in the user namespace is left out */
};

/* Number of the mount that `fd` lies on; 0 before Linux 5.8, which does not tell. */
uint64_t mount_id(int fd);
/* A detached mount of a new file system.  Returns a descriptor; -ENOSYS when only mount(2) can. */
int mount_fs_tree(const struct mount_fs *fs, struct err *e);
/* The same by mount(2), onto the descriptor of a directory. */
int mount_fs_legacy(const struct mount_fs *fs, int targetfd, struct err *e);
/* Change flags and data of the file system mounted at `fd`; fs->type and source are not read. */
int mount_fs_reconfigure(const struct mount_fs *fs, int fd, struct err *e);

/* Only for kernels without mount_clone(): bind by mount(2).  Returns a descriptor of the new mount.
 */
int mount_bind_legacy(int fd, int targetfd, bool recursive, struct err *e);
/* The mount that now lies on top of `targetfd`; it must show the same file as `srcfd`. */
int mount_top(int targetfd, int srcfd, struct err *e);

/* A detached copy of what is at a descriptor (and all mounts below it). */
int mount_clone(int fd, bool recursive, struct err *e);
/* Attach a detached mount. */
int mount_attach(int treefd, int targetfd, struct err *e);
/* Change flags of a mount; `recursive`: and of all below. */
int mount_change(int fd, const struct mount_attrs *a, bool recursive, struct err *e);
/* MS_* of the mount at `fd` but for those of `clear`, which a remount by mount(2) would otherwise
 * drop.  In a user namespace they are locked, and dropping one is EPERM. */
unsigned long mount_kept_ms(int fd, uint64_t clear);
/* MS_SHARED and so on, perhaps with MS_REC. */
int mount_propagate(int fd, unsigned long flags, struct err *e);
/* Map ids by a user namespace's descriptor. */
int mount_idmap(int fd, int usernsfd, bool recursive, struct err *e);

/* The file or directory at `fd` appears at `targetfd` too, with these flags changed. */
int mount_bind(int fd, int targetfd, bool recursive, const struct mount_attrs *a, struct err *e);

#endif
