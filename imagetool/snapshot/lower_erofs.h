/* SPDX-License-Identifier: Apache-2.0 */
/* What lies below a layer, as the EROFS writer asks for it. */
#ifndef IMAGETOOL_SNAPSHOT_LOWER_EROFS_H
#define IMAGETOOL_SNAPSHOT_LOWER_EROFS_H

#include "imagetool/erofs/layer.h"
#include "imagetool/layer/view.h"

/* `v` is borrowed. */
struct erofs_lower lower_of_view(struct view *v);

/* 1 when it has extended attributes that a layer above would take over. */
int lower_has_xattrs(const struct view_found *f, struct err *e);

#endif
