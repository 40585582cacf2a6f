/* SPDX-License-Identifier: Apache-2.0 */
/* A layer whose files are not later than SOURCE_DATE_EPOCH: a layer made anew. */
#ifndef IMAGETOOL_RESULT_RETIME_H
#define IMAGETOOL_RESULT_RETIME_H

#include "imagetool/codec/compress.h"
#include "imagetool/store/store.h"

int retime_layer(struct store *s, const struct image_descriptor *desc, const char *diff_id,
		 int64_t latest, const struct compress_opts *opts, struct compress_result *ret,
		 struct err *e);

#endif
