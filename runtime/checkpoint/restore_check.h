/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is what came out of an image what config.json describes?  An image can come from
 * a stranger, and criu gives its processes whatever it says: rights, no filter,
 * the host's namespaces and users, no masks.  So they are looked at while criu still holds
 * them; not one instruction of theirs has run by then.
 */
#ifndef RUNTIME_CHECKPOINT_RESTORE_CHECK_H
#define RUNTIME_CHECKPOINT_RESTORE_CHECK_H

#include <sys/types.h>

#include "oci-spec/runtime_spec.h"

/* Pure: a text of /proc/PID/status against process and linux.seccomp. */
int restore_check_status(const char *status, const struct runtime_spec *spec, struct err *e);
/* Pure: a text of /proc/PID/uid_map or gid_map against linux.uidMappings or gidMappings. */
int restore_check_map(const char *map, const struct oci_array *mappings, struct err *e);

/* All of it, for the processes of a container, the first one first.  `criu` is the process that
 * holds them; 0: it is gone. */
int restore_check(const struct runtime_spec *spec, pid_t criu, const pid_t *pids, size_t n_pids,
		  struct err *e);

#endif
