/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image, or every image of an index, as another one: on another base, with
 * fewer layers, in another compression or format.  In this order; layers that
 * none of it concerns are not rewritten, and where only descriptors change the
 * config keeps every byte.
 */
#ifndef IMAGETOOL_COMMIT_CONVERT_H
#define IMAGETOOL_COMMIT_CONVERT_H

#include "imagetool/archive/convert.h"
#include "imagetool/commit/recompress.h"
#include "imagetool/store/image.h"

struct convert_opts {
	const char *name;                /* of the new image, a full reference */
	const struct platform *platform; /* only this member of an index; NULL: all */
	enum image_format format;
	bool compress; /* to recompress.to */
	struct recompress_opts recompress;
	bool squash;
	size_t squash_last;          /* so many layers; 0: all */
	const char *old_base, *base; /* names of the store; NULL: no rebase */
	bool has_epoch;              /* SOURCE_DATE_EPOCH, for what is made here */
	int64_t epoch;
};

struct convert_result {
	char digest[DIGEST_TEXT_SIZE]; /* of the new manifest or index */
	size_t images, layers;         /* converted; written */
	size_t left_out;               /* members of the index that are no images */
};

int convert_image(struct store *s, const char *name, const struct convert_opts *opts,
		  struct convert_result *ret, struct err *e);

#endif
