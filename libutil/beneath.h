/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths that a container or an image can influence, resolved below a
 * descriptor.  Two rules of resolution:
 *
 *   BENEATH_CHROOT  symlinks are followed as if `rootfd` were "/" (absolute
 *                   links and ".." stop at the root): what a container sees.
 *   BENEATH_STRICT  no symlink on the way or at the end, no "..", no magic
 *                   link: what a layer may name.
 *
 * Built on openat2(2); where the kernel lacks it (ENOSYS, or EPERM from a
 * seccomp filter), a walk with O_NOFOLLOW per component does the same.
 * Magic links (/proc/self/fd/N) are never followed.
 */
#ifndef LIBUTIL_BENEATH_H
#define LIBUTIL_BENEATH_H

#include <sys/types.h>

#include "libutil/err.h"

enum beneath_rule { BENEATH_CHROOT, BENEATH_STRICT };

/* Open `path` with open(2) `flags` (O_CLOEXEC is added).  Returns a descriptor. */
int beneath_open(int rootfd, const char *path, int flags, mode_t mode, enum beneath_rule rule,
		 struct err *e);

/*
 * Open the directory that holds the last component of `path` (O_PATH) and
 * return its name.  Returns a descriptor; *ret_name is owned by the caller and
 * is never "", "." or ".." (those give -EINVAL).
 */
int beneath_open_parent(int rootfd, const char *path, enum beneath_rule rule, char **ret_name,
			struct err *e);

/* Create missing directories of `path` with `mode`, each through its parent's
 * descriptor.  Returns an O_PATH descriptor of the last. */
int beneath_mkdir_p(int rootfd, const char *path, mode_t mode, enum beneath_rule rule,
		    struct err *e);

/* Make sure something exists at `path` to mount on: a directory, or an empty
 * file below directories that are made.  Returns an O_PATH descriptor. */
int beneath_make_target(int rootfd, const char *path, bool want_dir, struct err *e);

#endif
