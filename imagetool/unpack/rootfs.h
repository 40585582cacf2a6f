/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of an image of the store as a directory tree. */
#ifndef IMAGETOOL_UNPACK_ROOTFS_H
#define IMAGETOOL_UNPACK_ROOTFS_H

#include "imagetool/layer/apply.h"
#include "imagetool/layer/budget.h"
#include "imagetool/store/image.h"

#define ROOTFS_NAME "rootfs"

struct rootfs_opts {
	struct budget_opts budget;
	/* The files are not written to the disk before this returns.  Otherwise they are: who then
	 * gives the tree its name shows nothing half-written, even when the machine crashes. */
	bool no_sync;
};

/* Makes dirfd/rootfs and fills it; every layer is verified.  `opts` NULL: none.  What a failure
 * leaves is the caller's to remove (staging.h).  Returns a descriptor of the root. */
int rootfs_unpack(const struct store *s, const struct image *img, int dirfd,
		  const struct rootfs_opts *opts, struct apply_notes *ret_notes, struct err *e);

/* One warning per kind of thing that was left out. */
void rootfs_warn(const struct apply_notes *notes);

#endif
