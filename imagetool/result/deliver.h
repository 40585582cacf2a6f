/* SPDX-License-Identifier: Apache-2.0 */
/* Images that are complete in the store go where an output says. */
#ifndef IMAGETOOL_RESULT_DELIVER_H
#define IMAGETOOL_RESULT_DELIVER_H

#include "imagetool/result/image.h"

/* Names of this output: its own, else those of --tag. */
const struct strv *result_output_names(const struct result_input *in,
				       const struct result_output *out);

int result_deliver_image(const struct result_input *in, const struct result_output *out,
			 const struct result_documents *d, struct err *e);
/* local and tar */
int result_deliver_files(const struct result_input *in, const struct result_output *out,
			 struct result_shared *shared, struct err *e);

#endif
