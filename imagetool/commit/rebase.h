/* SPDX-License-Identifier: Apache-2.0 */
/* An image's own layers on a newer base, without building it again. */
#ifndef IMAGETOOL_COMMIT_REBASE_H
#define IMAGETOOL_COMMIT_REBASE_H

#include "imagetool/commit/new_image.h"

/* `n` was begun from an image that has the layers of `old_base` at its bottom (-EINVAL otherwise);
 * those of `base` take their place, and its history that of the old base.  The image's own
 * configuration stays. */
int rebase(struct new_image *n, const struct image *old_base, const struct image *base,
	   struct err *e);

#endif
