/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container: those in its control group and in the groups below. */
#ifndef SHIM_CGROUP_MEMBERS_H
#define SHIM_CGROUP_MEMBERS_H

#include <sys/types.h>

#include "libutil/err.h"

struct members {
	pid_t *pids; /* owned; free() */
	size_t n;
};

/* `proc_cgroup` is cgroup_text() of its first process, from its creation. */
int members_read(const char *proc_cgroup, struct members *ret, struct err *e);

#endif
