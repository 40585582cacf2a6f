/* SPDX-License-Identifier: Apache-2.0 */
/* The snapshots of an image of the store, made where they are missing. */
#ifndef IMAGETOOL_MOUNT_LAYERS_H
#define IMAGETOOL_MOUNT_LAYERS_H

#include "imagetool/snapshot/snapshot.h"
#include "imagetool/store/image.h"

/* `s` is open for writing.  `notes` is added to. */
int layers_ready(struct store *s, const struct image *img, enum snapshot_choice form,
		 struct snapshot_stack *ret, struct apply_notes *notes, struct err *e);

/* A lease on the image and its snapshots for as long as `path`, which is absolute, is there. */
int layers_lease(struct store *s, const struct image *img, const struct snapshot_stack *stack,
		 const char *path, struct err *e);

#endif
