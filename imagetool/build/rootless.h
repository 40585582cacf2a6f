/* SPDX-License-Identifier: Apache-2.0 */
/* An ordinary user's build runs as root of a user namespace, where it may mount and own files. */
#ifndef IMAGETOOL_BUILD_ROOTLESS_H
#define IMAGETOOL_BUILD_ROOTLESS_H

#include "libutil/err.h"

/* Runs this very command line once more in there; `store` is where images are outside.  Returns the
 * exit status of that, or -ENOTSUP where the host forbids it, with what is missing.  Not for root.
 */
int build_reenter(const char *store, struct err *e);

#endif
