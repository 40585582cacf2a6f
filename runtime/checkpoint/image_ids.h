/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images that a container in a user namespace can read.
 *
 * criu restores such a container from inside, as its root: for the host an
 * ordinary user, whom a directory for root's eyes only shuts out.  The mode of
 * the directory stays; in the mount namespace that only criu is in, the
 * directory lies over itself with the container's ids.
 */
#ifndef RUNTIME_CHECKPOINT_IMAGE_IDS_H
#define RUNTIME_CHECKPOINT_IMAGE_IDS_H

#include "oci-spec/runtime_spec.h"

/* Inside a mount_visit: `path` and the directories of the pre-dumps it goes on from.  Nothing can
 * be made in them there any more.  Does nothing without a user namespace. */
int image_show(const char *path, const struct runtime_spec *spec, struct err *e);

#endif
