/* SPDX-License-Identifier: Apache-2.0 */
/* How large a store's images are, and what they share. */
#ifndef IMAGETOOL_VERB_DU_COUNT_H
#define IMAGETOOL_VERB_DU_COUNT_H

#include "imagetool/store/store.h"

struct du_image {
	const char *name, *digest; /* "" for one without a name */
	uint64_t size;             /* bytes of all its blobs that are there */
	uint64_t shared;           /* of them, those that other images have as well */
	uint64_t unpacked;         /* bytes of file content in its snapshots */
};

struct du_sum {
	uint64_t n, bytes;
};

struct du {
	struct arena arena;
	struct du_image *images;
	size_t n;
	struct du_sum blobs, snapshots, partials;
	struct du_sum builds; /* steps that are found again; their bytes are among the others' */
	bool counted;         /* garbage is known: who may not write cannot look for it */
	struct store_gc_result garbage;
};
void du_done(struct du *du);
AUTO_DEFINE_DONE(du, du_done)

int du_count(struct store *s, struct du *ret, struct err *e);

#endif
