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

/* Make every MOUNT_VOLUME's directory and give each mount its final source: volumes below the
 * bundle
 * ("volumes/data", relative), binds as absolute paths that exist.  `mounts` is sorted. */
int volumes_make(struct mount_args *mounts, int bundlefd, int rootfd, struct err *e);

#endif
