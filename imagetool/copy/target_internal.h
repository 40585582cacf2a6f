/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of targets. */
#ifndef IMAGETOOL_COPY_TARGET_INTERNAL_H
#define IMAGETOOL_COPY_TARGET_INTERNAL_H

#include "imagetool/archive/sink.h"
#include "imagetool/copy/target.h"
#include "imagetool/store/digest_set.h"

/* One blob as a file, whose header is written. */
int target_pass_to_sink(struct image_target *t, struct image_source *from,
			const struct image_descriptor *desc, struct sink *to, struct err *e);

typedef int target_put_fn(struct image_target *t, struct image_source *from,
			  const struct image_descriptor *desc, struct err *e);
/* Each blob the first time it comes. */
int target_put_once(struct image_target *t, struct digest_set *written, target_put_fn *put,
		    struct image_source *from, const struct image_descriptor *const *items,
		    size_t n, struct err *e);

/* A layout that is there, or an empty directory that becomes one. */
int target_open_existing(const struct place *p, struct image_target **ret, struct err *e);

#endif
