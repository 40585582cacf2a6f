/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of one image as one output wants them: squashed, clamped in time, compressed. */
#ifndef IMAGETOOL_RESULT_LAYERS_H
#define IMAGETOOL_RESULT_LAYERS_H

#include "imagetool/commit/recompress.h"
#include "imagetool/result/result.h"

struct result_layers {
	struct image_descriptor *layers;
	struct oci_strings diff_ids;
	size_t n, n_base;
	size_t squashed; /* so many became one, the last; 0: none */
};

/* What was made so far: outputs and platforms share it. */
struct result_shared {
	struct arena arena;
	struct result_statements *statements; /* one for each image, in the arena */
	size_t n_statements;
	bool asked; /* for them */
	struct recompressed squashed, retimed, compressed;
	/* Of `compressed`: */
	struct compress_opts compression;
	enum chunked_form form;
};
void result_shared_done(struct result_shared *m);
AUTO_DEFINE_DONE(result_shared, result_shared_done)

/* Texts of `ret` live in `a` or in the image. */
int result_layers_make(const struct result_input *in, const struct result_image *image,
		       const struct result_output *out, struct result_shared *made, struct arena *a,
		       struct result_layers *ret, struct err *e);

#endif
