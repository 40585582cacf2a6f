/* SPDX-License-Identifier: Apache-2.0 */
/* What a file holds, from one descriptor to another: content with its holes, extended attributes.
 */
#ifndef IMAGETOOL_STEP_FILES_CONTENT_H
#define IMAGETOOL_STEP_FILES_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/err.h"

#define CONTENT_BUFFER ((size_t)64 << 10)

/* `size` is what the file is known to have; `buf` has CONTENT_BUFFER bytes. */
int content_copy(int from, int to, int64_t size, char *buf, struct err *e);
/* Those that layers hold; what the target cannot have is left out. */
int content_copy_xattrs(int from, int to, struct err *e);
/* The same of what cannot be opened: a symlink, a device. */
int content_copy_xattrs_at(int fromdir, int todir, const char *name, struct err *e);

#endif
