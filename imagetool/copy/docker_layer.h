/* SPDX-License-Identifier: Apache-2.0 */
/* One layer into a docker-archive: uncompressed, its size known before its bytes. */
#ifndef IMAGETOOL_COPY_DOCKER_LAYER_H
#define IMAGETOOL_COPY_DOCKER_LAYER_H

#include "imagetool/archive/sink.h"
#include "imagetool/copy/target.h"

/* The blob is checked against its digest, its content against `diff_id`. */
int docker_layer_write(struct image_target *t, struct image_source *from,
		       const struct image_descriptor *desc, const char *diff_id, const char *name,
		       struct sink *to, struct err *e);

#endif
