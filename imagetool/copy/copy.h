/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image from any place to any place.  Blobs pass through, checked, and nothing is
 * stored in between; those the target has do not travel.  Documents keep every byte
 * unless another format is asked for or the target holds one format only.
 */
#ifndef IMAGETOOL_COPY_COPY_H
#define IMAGETOOL_COPY_COPY_H

#include "imagetool/copy/target.h"

struct copy_opts {
	const struct platform *platform; /* of an index; NULL: this machine's */
	bool all;                        /* the index whole */
	enum image_format format;
	bool preserve_digests; /* fail rather than change a document */
	const char *name;      /* in the target; NULL: it has none */
};

struct copy_result {
	char digest[DIGEST_TEXT_SIZE];        /* of what has the name in the target */
	char source_digest[DIGEST_TEXT_SIZE]; /* of what had it in the source */
	char *media_type;                     /* owned */
	size_t manifests;
};

/* image_target's commit is the caller's: more images may follow. */
int copy_image(struct image_source *from, struct image_target *to, const struct copy_opts *opts,
	       struct copy_result *ret, struct err *e);
void copy_result_done(struct copy_result *r);
AUTO_DEFINE_DONE(copy_result, copy_result_done)

#endif
