/* SPDX-License-Identifier: Apache-2.0 */
/* overlayfs's own extended attributes, and paths that l*xattr(2) takes. */
#ifndef IMAGETOOL_LAYER_OVERLAY_XATTR_H
#define IMAGETOOL_LAYER_OVERLAY_XATTR_H

#include <limits.h>

#include "libutil/macro.h"

#define OVERLAY_TRUSTED "trusted.overlay."
#define OVERLAY_USER    "user.overlay."

static inline bool is_overlay_xattr(const char *name)
{
	return starts_with(name, OVERLAY_TRUSTED) || starts_with(name, OVERLAY_USER);
}

/* Ends in the name, so that l*xattr(2) does not follow it. */
struct xattr_path {
	char text[PATH_MAX];
};
const char *xattr_path_at(int dirfd, const char *name, struct xattr_path *buf);

/* Other tools go on without an attribute that can't be had here, and so do we; it is counted. */
bool xattr_may_lack(int error);

#endif
