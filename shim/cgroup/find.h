/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the control group of a container's process is.  A controller counts in
 * one hierarchy only: in that of v1 which it is mounted in, else in v2's.
 */
#ifndef SHIM_CGROUP_FIND_H
#define SHIM_CGROUP_FIND_H

#include <sys/types.h>

#include "libutil/err.h"

/* The line of /proc/PID/cgroup for a controller ("" is v2's own).  Returns the path as a copy, NULL
 * when there is none; *ret_v2 says in which version.  Pure. */
char *cgroup_path_in(const char *proc_cgroup, const char *controller, bool *ret_v2);

/* The directory of `path` by what /proc/self/mountinfo says, as a copy; NULL when the hierarchy is
 * not mounted, or not so that `path` can be seen.  Pure. */
char *cgroup_dir_in(const char *mountinfo, const char *controller, bool v2, const char *path);

/* /proc/PID/cgroup as a copy: where the process is now.  A container's is kept from its creation,
 * for its first process may move below (systemd does). */
int cgroup_text(pid_t pid, char **ret, struct err *e);
/* Open the directory of the group that such a text names for a controller.  Returns the descriptor
 * (O_PATH). */
int cgroup_open_of(const char *proc_cgroup, const char *controller, bool *ret_v2, struct err *e);
/* The same of where `pid` is now. */
int cgroup_open(pid_t pid, const char *controller, bool *ret_v2, struct err *e);

#endif
