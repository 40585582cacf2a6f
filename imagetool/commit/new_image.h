/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image made of another: its config and layers, changed, and written as new
 * documents.  Layers are blobs of the store already.  History stays true: each
 * layer has one entry that is not an empty_layer; where the base has none, or not
 * so many, what is missing is filled up.
 */
#ifndef IMAGETOOL_COMMIT_NEW_IMAGE_H
#define IMAGETOOL_COMMIT_NEW_IMAGE_H

#include "imagetool/archive/convert.h"
#include "imagetool/codec/compress.h"
#include "imagetool/store/image.h"

struct new_image {
	struct arena arena; /* owns what is added; texts of the base belong to the base */
	struct image_config config;
	struct image_descriptor *layers; /* in the arena, as many as config.rootfs has */
	size_t n_layers;
	struct oci_strmap annotations; /* of the manifest, written in OCI's format only */
	bool docker;                   /* the base's manifest is Docker's */
	const struct image *base;      /* NULL: made of nothing, and so `edited` */
	bool edited;                   /* the config is another one than the base's */
};

/* Everything of the base, which must live as long.  -IMAGE_EVERIFY when the documents contradict
 * one another. */
int new_image_begin(struct new_image *n, const struct image *base, struct err *e);
/* Before anything but layers' descriptors changes: without it the config keeps every byte.  What
 * named a container it came from is left out. */
int new_image_edit(struct new_image *n, struct err *e);
void new_image_done(struct new_image *n);
AUTO_DEFINE_DONE(new_image, new_image_done)

/* Forget all layers and their history. */
void new_image_drop_layers(struct new_image *n);
/* One more on top, without history.  A layer's compression changes in n->layers itself. */
void new_image_add_layer(struct new_image *n, const struct image_descriptor *desc,
			 const char *diff_id);
/* What the store has under compress_end()'s result. */
struct image_descriptor new_image_layer(struct new_image *n, enum layer_compression kind,
					const struct compress_result *made);
void new_image_add_made(struct new_image *n, enum layer_compression kind,
			const struct compress_result *made);
void new_image_add_history(struct new_image *n, const struct image_history *h);
/* In order of keys; "" is not written. */
void new_image_annotate(struct new_image *n, const char *key, const char *value);

/* Write config and manifest into the store.  `ret` lives as long as `n`; ret->platform is set.
 * ret_id (may be NULL) is the config's digest. */
int new_image_write(struct new_image *n, struct store *s, enum image_format format,
		    struct image_descriptor *ret, char ret_id[DIGEST_TEXT_SIZE], struct err *e);

#endif
