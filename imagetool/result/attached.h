/* SPDX-License-Identifier: Apache-2.0 */
/* Statements about an image, attached to it in its index as BuildKit does. */
#ifndef IMAGETOOL_RESULT_ATTACHED_H
#define IMAGETOOL_RESULT_ATTACHED_H

#include "imagetool/result/result.h"

#define ATTACHED_TYPE   "vnd.docker.reference.type"
#define ATTACHED_DIGEST "vnd.docker.reference.digest"

/* Write them into the store: `ret` is the descriptor for the index.  `names` are those of the
 * image; with `artifact` the manifest is an artifact's that has the image as its subject. */
int attached_write(struct store *s, const struct image_descriptor *image,
		   const struct platform *platform, const struct strv *names, bool artifact,
		   const struct result_statements *statements, struct arena *a,
		   struct image_descriptor *ret, struct err *e);

#endif
