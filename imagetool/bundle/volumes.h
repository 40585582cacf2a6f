/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes of a bundle: directories in BUNDLE/volumes, so that their data is
 * apart from the root file system, stays when that is unpacked anew, and can be
 * written when it is read-only.  A new volume begins with what the image has at
 * its place.
 */
#ifndef IMAGETOOL_BUNDLE_VOLUMES_H
#define IMAGETOOL_BUNDLE_VOLUMES_H

#include "imagetool/bundle/mount_args.h"

#define VOLUMES_NAME "volumes"

/* Give binds their final source: an absolute path, which is there. */
int volumes_resolve_binds(struct mount_args *mounts, struct err *e);
/* Make every MOUNT_VOLUME's directory and give it its final source, relative to the bundle:
 * "volumes/data".  `mounts` is sorted. */
int volumes_make(struct mount_args *mounts, int bundlefd, int rootfd, struct err *e);

#endif
