/* SPDX-License-Identifier: Apache-2.0 */
/* A layer on its way into the store: tar, compressed, hashed, a blob. */
#ifndef IMAGETOOL_COMMIT_LAYER_BLOB_H
#define IMAGETOOL_COMMIT_LAYER_BLOB_H

#include "imagetool/codec/compress.h"
#include "imagetool/store/store.h"

struct layer_blob {
	struct blob *blob;
	struct compress *compress;
};

int layer_blob_begin(struct layer_blob *l, struct store *s, const struct compress_opts *opts,
		     struct err *e);
/* The tar stream goes there. */
struct byte_sink layer_blob_sink(struct layer_blob *l);
int layer_blob_commit(struct layer_blob *l, struct compress_result *ret, struct err *e);
void layer_blob_done(struct layer_blob *l);
AUTO_DEFINE_DONE(layer_blob, layer_blob_done)

#endif
