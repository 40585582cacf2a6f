/* SPDX-License-Identifier: Apache-2.0 */
/* Archives that ADD unpacks: tar, as it is or compressed, known by what it begins with. */
#ifndef IMAGETOOL_STEP_FILES_UNPACK_H
#define IMAGETOOL_STEP_FILES_UNPACK_H

#include "imagetool/layer/budget.h"
#include "imagetool/step/files_sink.h"

/* 1 when it is one; whatever cannot be read as one is none, but for -ENOTSUP: it is compressed in a
 * way that this program was built without.  `fd` is read from its beginning. */
int files_is_archive(int fd, struct err *e);
/* Into the directory `dirfd`, merged with what is there, by the rules for layers: nothing leaves
 * the directory.  With an owner everything gets that one. */
int files_unpack(int fd, int dirfd, const struct files_attrs *attrs, struct layer_budget *budget,
		 struct err *e);

#endif
