/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which properties a container's scope has; decided here without a system call.
 *
 * Limits are given to systemd and, by apply.c, written to the group as well: systemd can't express
 * all of them, but what it can express it writes again on every daemon-reload, and what it was not
 * told it then takes back.  So both must say the same.  Devices are the exception: a unit without
 * DeviceAllow= has no program of systemd's, and the one devices_bpf.c attaches stays, whoever
 * reloads what and however often it is replaced.
 */
#ifndef RUNTIME_CGROUP_SYSTEMD_PROPS_H
#define RUNTIME_CGROUP_SYSTEMD_PROPS_H

#include <sys/types.h>

#include "runtime/cgroup/limits.h"
#include "runtime/systemd/request.h"

struct props {
	struct arena *arena; /* texts and list */
	struct property *v;
	size_t n, cap;
};

/* Replaces one of that name. */
struct property *props_set(struct props *p, const char *name, const char *text);
void props_copy(struct props *to, const struct props *from);

/* The annotations org.systemd.property.NAME.  A property the driver decides itself, a name that is
 * more than letters and a value that can't be understood are errors. */
int props_add_annotations(struct props *p, const struct oci_strmap *annotations, struct err *e);

/* What every scope has.  `pid` becomes its first process. */
void props_add_scope(struct props *p, const char *id, const char *slice, pid_t pid);

/* What of `l` systemd can express.  `cpu_max` is what the group's cpu.max says since these limits
 * were written, as a period may have been given alone; NULL: the group is new.  `fresh`: the unit
 * is being made; some properties can't be changed later. */
void props_add_limits(struct props *p, const struct limits *l, const char *cpu_max, bool fresh);

#endif
