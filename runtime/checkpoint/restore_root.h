/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root file system as criu wants to find it: a mount point of its own, with
 * a place for each mount in it.
 */
#ifndef RUNTIME_CHECKPOINT_RESTORE_ROOT_H
#define RUNTIME_CHECKPOINT_RESTORE_ROOT_H

#include "oci-spec/runtime_spec.h"

/* Make the places that are missing, as `create` does: never outside of the root. */
int restore_root_places(const struct runtime_spec *spec, const char *bundle, const char *rootfs,
			struct err *e);

/* Inside a mount_visit: bind `rootfs` on the directory `path`. */
int restore_root_bind(const char *rootfs, const char *path, struct err *e);

#endif
