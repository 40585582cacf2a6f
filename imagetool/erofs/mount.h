/* SPDX-License-Identifier: Apache-2.0 */
/* An EROFS image in a file, mounted as it is (Linux 6.12), without a loop device. */
#ifndef IMAGETOOL_EROFS_MOUNT_H
#define IMAGETOOL_EROFS_MOUNT_H

#include "libutil/err.h"

/* Returns the mount, attached nowhere: a descriptor of its root directory (O_PATH).  Closing it
 * unmounts, unless something else holds it.  The kernel believes what an image says, so one that
 * others may have written (owner, mode) is refused: -EPERM. */
int erofs_mount_fd(int fd, struct err *e);

/* Whether the kernel takes images from the file system of this directory, and us for somebody who
 * may mount; why not goes to `e`.  Tried with an empty image. */
int erofs_probe(int dirfd, struct err *e);

#endif
