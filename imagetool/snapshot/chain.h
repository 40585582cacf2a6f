/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of one image in order, and what names each of them on its own and where it lies. */
#ifndef IMAGETOOL_SNAPSHOT_CHAIN_H
#define IMAGETOOL_SNAPSHOT_CHAIN_H

#include <stddef.h>

#include "libutil/cleanup.h"
#include "libutil/digest.h"
#include "libutil/err.h"
#include "oci-spec/image_spec.h"

/* Lowest layer first.  overlayfs takes no more than 500 layers. */
#define SNAPSHOT_LAYERS_MAX 500

struct snapshot_chain {
	size_t n;
	const char *const *diff_ids;           /* borrowed from the config */
	const struct image_descriptor *layers; /* borrowed from the manifest: their blobs */
	char (*ids)[DIGEST_TEXT_SIZE]; /* chain ids (image-spec config.md, "Layer ChainID") */
};

/* Both documents must live as long as the chain.  Refuses a config that does not fit the manifest,
 * and digests that are none. */
int snapshot_chain_init(struct snapshot_chain *ret, const struct image_manifest *manifest,
			const struct image_config *config, struct err *e);
void snapshot_chain_done(struct snapshot_chain *c);
AUTO_DEFINE_DONE(snapshot_chain, snapshot_chain_done)

#endif
