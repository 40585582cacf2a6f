/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a result: config and manifest of each platform, what is attested, the index. */
#ifndef IMAGETOOL_RESULT_IMAGE_H
#define IMAGETOOL_RESULT_IMAGE_H

#include "imagetool/result/layers.h"

/* What the store has then.  Texts live in the arena that was given. */
struct result_documents {
	struct image_descriptor top;        /* of the index, or of the only manifest */
	struct image_descriptor *manifests; /* one for each image */
	char (*configs)[DIGEST_TEXT_SIZE];
	size_t n;
	bool is_index;
	const struct result_statements *statements; /* one for each image; NULL: none */
};

/* In Docker's words, or OCI's? */
bool result_is_docker(const struct result_output *out);

/* What is attested of each image, once for all outputs: in `shared`, until that is done. */
int result_statements_find(const struct result_input *in, struct result_shared *shared,
			   struct err *e);

/* Says what is being done: "exporting manifest" sha256:..., in BuildKit's words.  `object` may be
 * NULL. */
void result_tell(const struct result_input *in, const char *what, const char *object);

int result_documents_make(const struct result_input *in, const struct result_output *out,
			  struct result_shared *shared, struct arena *a,
			  struct result_documents *ret, struct err *e);

#endif
