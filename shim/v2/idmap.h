/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts whose owners are shown as others: the options uidmap= and gidmap=. */
#ifndef SHIM_V2_IDMAP_H
#define SHIM_V2_IDMAP_H

#include "shim/v2/mount_plan.h"

/* A user namespace with these maps, which no process lives in.  Returns a descriptor. */
int idmap_userns(const struct mount_map *uids, const struct mount_map *gids, struct err *e);

/* A copy of the mount at `source`, mapped, attached nowhere.  Returns a descriptor. */
int idmap_clone(const char *source, bool recursive, int usernsfd, struct err *e);

#endif
