/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of an image of the store as a directory tree. */
#ifndef IMAGETOOL_UNPACK_ROOTFS_H
#define IMAGETOOL_UNPACK_ROOTFS_H

#include "imagetool/layer/apply.h"
#include "imagetool/store/image.h"

#define ROOTFS_NAME "rootfs"

/* Makes dirfd/rootfs and fills it; every layer is verified.  What a failure leaves is the caller's
 * to remove (staging.h).  Returns a descriptor of the root. */
int rootfs_unpack(const struct store *s, const struct image *img, int dirfd,
		  struct apply_notes *ret_notes, struct err *e);

/* One warning per kind of thing that was left out. */
void rootfs_warn(const struct apply_notes *notes);

#endif
