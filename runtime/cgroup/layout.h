/* SPDX-License-Identifier: Apache-2.0 */
/* Which hierarchies are mounted where, and where this process stands in them. */
#ifndef RUNTIME_CGROUP_LAYOUT_H
#define RUNTIME_CGROUP_LAYOUT_H

#include "libutil/err.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
/* For messages: what to do where there are none. */
#define CGROUP_DO_WITHOUT "--cgroup-manager=disabled does without"

/* One hierarchy of mountinfo; the texts live as long as the call. */
typedef int layout_mount_fn(const char *controllers, const char *mount, const char *root, void *ctx,
			    struct err *e);

/* Call `fn` for each cgroup mount below CGROUP_ROOT in the text of /proc/self/mountinfo, v1 first
 * come. The text is cut up.  `root` is the directory of the hierarchy that the mount shows. */
int layout_each_mount(char *mountinfo, layout_mount_fn *fn, void *ctx, struct err *e);

/* The path that a text of /proc/PID/cgroup gives for a hierarchy: "" asks for v2, "memory",
 * "name=systemd", "cpu,cpuacct" (any one of them decides).  NULL: not there.  Owned. */
char *layout_path_of(const char *proc_cgroup, const char *controllers);

/* False: something else covers what mountinfo lists at `mount`, as in a container that bound the
 * host's /sys. */
bool layout_is_visible(const char *mount);

#endif
