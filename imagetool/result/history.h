/* SPDX-License-Identifier: Apache-2.0 */
/* An image's history and when it was created: as true as layers and instructions let it be. Pure.
 */
#ifndef IMAGETOOL_RESULT_HISTORY_H
#define IMAGETOOL_RESULT_HISTORY_H

#include "imagetool/result/layers.h"

/*
 * Each layer gets one entry that is not empty_layer, in order; entries get times: a layer's own,
 * and what only describes the image that of the first layer of this build behind which it stands.
 * So a build that finds everything in the cache gives the same image.  What this build did is not
 * later than SOURCE_DATE_EPOCH.
 */
void result_history(const struct result_input *in, const struct result_image *image,
		    const struct result_layers *l, struct arena *a, struct oci_array *ret,
		    const char **ret_created);

/* "2026-01-02T03:04:05.6Z", as Go writes times. */
const char *result_time_text(struct arena *a, struct timespec t);

#endif
