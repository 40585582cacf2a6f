/* SPDX-License-Identifier: Apache-2.0 */
/* One copy under way. */
#ifndef IMAGETOOL_COPY_COPY_INTERNAL_H
#define IMAGETOOL_COPY_COPY_INTERNAL_H

#include "imagetool/copy/copy.h"

struct copying {
	struct image_source *from;
	struct image_target *to;
	const struct copy_opts *opts;
	struct platform platform;
	enum image_format format; /* documents become this */
	struct arena arena;
	size_t manifests;
	bool chosen; /* one of an index */
	/* Of the last manifest. */
	struct image_platform *image_platform; /* in the arena; NULL for artifacts */
	const char *artifact_type;
};

/* Config and layers of a manifest, checked against one another. */
int copy_blobs(struct copying *c, const struct registry_document *d, struct err *e);

#endif
