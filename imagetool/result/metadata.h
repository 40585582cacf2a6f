/* SPDX-License-Identifier: Apache-2.0 */
/* --metadata-file and --iidfile: what was made, for programs, in buildx's words. */
#ifndef IMAGETOOL_RESULT_METADATA_H
#define IMAGETOOL_RESULT_METADATA_H

#include "imagetool/result/image.h"

/* `d` may be NULL: no image was made. */
void result_metadata_write(const struct result_input *in, const struct result_output *out,
			   const struct result_documents *d, struct strbuf *ret);

#endif
