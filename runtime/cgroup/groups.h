/* SPDX-License-Identifier: Apache-2.0 */
/* The groups below a group: a container that was given its own may have made any number. */
#ifndef RUNTIME_CGROUP_GROUPS_H
#define RUNTIME_CGROUP_GROUPS_H

#include "libutil/err.h"
#include "libutil/strv.h"

#define GROUPS_MAX 65536

/* Relative paths of all groups below `dirfd`, each before its children. */
int groups_below(int dirfd, struct strv *ret, struct err *e);

#endif
