/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server runs: its control group, its chance to be killed when memory runs out. */
#ifndef SHIM_V2_PLACE_H
#define SHIM_V2_PLACE_H

#include <sys/types.h>

#include "libutil/err.h"

/* Move `pid` to a group that exists, by path from the hierarchy's root: in every hierarchy of v1
 * that has it, else in v2. */
int place_in_cgroup(pid_t pid, const char *path, struct err *e);

/* Rather the shim than containerd, which called us: its oom_score_adj and one. */
int place_oom_score(pid_t pid, pid_t containerd, struct err *e);

/* A core scheduling cookie for us and what we start. */
int place_core(struct err *e);

#endif
