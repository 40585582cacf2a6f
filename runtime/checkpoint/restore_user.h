/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the processes of an image are.  Where config.json leaves no way to become another user or to
 * get other groups, theirs must be those of process.user: files belong to somebody, and need no
 * capability to be opened by whom they belong to.
 */
#ifndef RUNTIME_CHECKPOINT_RESTORE_USER_H
#define RUNTIME_CHECKPOINT_RESTORE_USER_H

#include "oci-spec/runtime_spec.h"

/* Pure: a text of /proc/PID/status against process.user.  The maps are texts of uid_map and gid_map
 * of the container's first process. */
int restore_check_user(const char *status, const char *uid_map, const char *gid_map,
		       const struct runtime_spec *spec, struct err *e);

#endif
