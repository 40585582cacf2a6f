/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that mount overlays: layers as descriptors, and the ways of older kernels. */
#ifndef IMAGETOOL_MOUNT_OVERLAY_LAYERS_H
#define IMAGETOOL_MOUNT_OVERLAY_LAYERS_H

#include "imagetool/mount/overlay.h"

struct layers {
	int *fds; /* O_PATH or mounts of EROFS, top first; owned */
	size_t n;
	size_t *images; /* positions of those that are mounts of EROFS; owned */
	size_t n_images;
};

/* ---- overlay.c ---- */

/* Say that an upper directory is refused, and what to do. */
int overlay_no_upper(struct err *e);

/* ---- overlay_old.c ---- */

/* Whether overlayfs takes its layers one by one (lowerdir+, Linux 6.7): asked of the kernel, whose
 * version says little where distributions bring back what is new. */
bool overlay_takes_descriptors(void);

/* Whether mounts that are nowhere can be layers, and be copied (Linux 6.15). */
bool overlay_takes_detached(void);

/* By mount(2), for kernels that do not: layers are numbers of descriptors in a text of one page,
 * in which there is room for more than the 500 layers that overlayfs bears.  Returns a mount that
 * is nowhere: it was shown for a moment on the directory OVERLAY_SHOWN below `dirfd`. */
int overlay_mount_by_names(int dirfd, const struct layers *l, enum overlay_mode mode,
			   struct err *e);

#endif
