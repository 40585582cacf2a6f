/* SPDX-License-Identifier: Apache-2.0 */
/* Layers in another compression: their content stays, and but for eStargz their diffIDs. */
#ifndef IMAGETOOL_COMMIT_RECOMPRESS_H
#define IMAGETOOL_COMMIT_RECOMPRESS_H

#include "imagetool/chunked/table.h"
#include "imagetool/store/store.h"

/* What became of blobs so far: images of an index share layers. */
struct recompressed_blob {
	char digest[DIGEST_TEXT_SIZE]; /* the old one */
	struct compress_result made;
	struct chunked_annotations chunked;
};
struct recompressed {
	struct recompressed_blob *items; /* owned */
	size_t n, cap;
};
void recompressed_done(struct recompressed *d);

struct recompress_opts {
	struct compress_opts to;
	enum chunked_form form; /* CHUNKED_ZSTD: `to` is zstd; CHUNKED_STARGZ: gzip */
	bool force;             /* also what is in this compression already */
};

/* Replace layers' descriptors; those that stay keep every member.  `layers` have diff_ids beside
 * them, of which items that change are replaced as well.  New texts come from `a`.  Returns how
 * many were replaced. */
int recompress_layers(struct store *s, struct image_descriptor *layers,
		      const struct oci_strings *diff_ids, const struct recompress_opts *opts,
		      struct recompressed *done, struct arena *a, struct err *e);

#endif
