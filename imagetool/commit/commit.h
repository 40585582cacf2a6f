/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A changed root file system becomes an image: the base's layers and one more
 * with what changed, or a single layer with everything.
 *
 * The same files, options and SOURCE_DATE_EPOCH give the same image.
 */
#ifndef IMAGETOOL_COMMIT_COMMIT_H
#define IMAGETOOL_COMMIT_COMMIT_H

#include "imagetool/archive/convert.h"
#include "imagetool/codec/compress.h"
#include "imagetool/commit/changed.h"
#include "imagetool/diff/layer_write.h"
#include "libutil/strv.h"

struct commit_opts {
	const char *name; /* full reference */
	const struct strv *changes;
	const char *author, *message; /* or NULL */
	bool squash;
	bool checksum;
	enum image_format format; /* IMAGE_AS_IS: the base's */
	struct compress_opts compression;
	bool has_epoch; /* SOURCE_DATE_EPOCH: when it was made, and no file is later */
	int64_t epoch;
};

struct commit_result {
	char id[DIGEST_TEXT_SIZE];     /* of the config */
	char digest[DIGEST_TEXT_SIZE]; /* of the manifest */
	size_t changes;                /* 0: no layer was added */
	int64_t layer_size;
	struct layer_write_notes notes;
};

int commit(struct changed *c, struct store *s, const struct image *base,
	   const struct commit_opts *opts, struct commit_result *ret, struct err *e);

#endif
