/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of targets. */
#ifndef IMAGETOOL_COPY_TARGET_INTERNAL_H
#define IMAGETOOL_COPY_TARGET_INTERNAL_H

#include "imagetool/copy/target.h"

/* A layout that is there, or an empty directory that becomes one. */
int target_open_existing(const struct place *p, struct image_target **ret, struct err *e);

#endif
