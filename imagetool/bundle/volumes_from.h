/* SPDX-License-Identifier: Apache-2.0 */
/* --volumes-from: what another bundle mounts of the host and of its own volumes. */
#ifndef IMAGETOOL_BUNDLE_VOLUMES_FROM_H
#define IMAGETOOL_BUNDLE_VOLUMES_FROM_H

#include "imagetool/bundle/mount_args.h"

/* "BUNDLE[:ro|:rw]".  Places that are taken stay as they are. */
int volumes_from_add(struct mount_args *m, const char *text, struct err *e);

#endif
