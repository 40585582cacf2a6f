/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user namespace in which an ordinary user may mount and own files as others:
 * his own id is root there, and those that /etc/subuid and /etc/subgid give him
 * follow, mapped by newuidmap(1) and newgidmap(1).  Without such ranges, or
 * without these programs, there is his own id alone.
 */
#ifndef IMAGETOOL_MOUNT_USERNS_H
#define IMAGETOOL_MOUNT_USERNS_H

#include <stdint.h>
#include <sys/types.h>

#include "libutil/err.h"

struct id_range {
	uint32_t first, count; /* count 0: there is none */
};

/* The largest range of a file in the form of /etc/subuid for this user. */
struct id_range userns_range(const char *text, const char *name, uid_t uid);

/* Run a program in a new user and mount namespace.  Returns its wait(2) status in *ret_status. */
int userns_run(char *const *argv, int *ret_status, struct err *e);

/* This very command line once more in such a namespace; `store` is where images are outside, since
 * in there it would be root's.  Returns its exit status. */
int userns_reenter(const char *store, struct err *e);

/* Is this process root of a user namespace, and not of the machine? */
bool userns_is_inside(void);

/* A line of /proc/self/uid_map. */
struct id_map {
	uint32_t inside, outside, count;
};
#define ID_MAPS_MAX 340 /* the kernel's own limit */
/* Of users, or of groups.  *ret is owned. */
int userns_maps(bool groups, struct id_map **ret, size_t *ret_n, struct err *e);

#endif
