/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads as progress shows them. */
#ifndef IMAGETOOL_PUSH_SHOW_H
#define IMAGETOOL_PUSH_SHOW_H

#include "imagetool/pull/progress.h"

/* For items that are an array of struct upload. */
blob_progress_row_fn push_show_upload;

#endif
