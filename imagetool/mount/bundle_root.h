/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bundle's rootfs/ as an overlay, in the steps of a bundle that appears whole:
 * begun in the staged directory, where it is mounted nowhere yet; finished when
 * the bundle has its name.  A kill in between leaves nothing mounted, or a bundle
 * that 'mount' finishes.
 */
#ifndef IMAGETOOL_MOUNT_BUNDLE_ROOT_H
#define IMAGETOOL_MOUNT_BUNDLE_ROOT_H

#include "imagetool/mount/home.h"

struct bundle_root {
	struct snapshot_stack stack;
	int stagefd; /* borrowed */
	int rootfd;  /* of the overlay's root directory */
};

#define BUNDLE_ROOT_INIT                                                                           \
	{                                                                                          \
		.rootfd = -1                                                                       \
	}

/* After a failure what was made in the staged directory is gone.  `s` is open for writing. */
int bundle_root_begin(struct bundle_root *b, struct store *s, const struct image *img, int stagefd,
		      const char *dir, enum snapshot_choice form, struct apply_notes *notes,
		      struct err *e);
/* The bundle is at `dir` now. */
int bundle_root_finish(struct bundle_root *b, struct store *s, const struct image *img,
		       const char *dir, struct err *e);
void bundle_root_done(struct bundle_root *b);
AUTO_DEFINE_DONE(bundle_root, bundle_root_done)

#endif
