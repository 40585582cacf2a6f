/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small file whose disk space is taken before it is needed, so that the exit
 * status of a container is recorded even when its own output has filled the
 * disk in the meantime.
 */
#ifndef SHIM_RECORD_RESERVE_H
#define SHIM_RECORD_RESERVE_H

#include <stddef.h>

#include "libutil/err.h"

/* Create `name` (0600, must not exist), empty, with `size` bytes of space.  Returns a descriptor
 * for writing.  A file system that cannot reserve is not an error. */
int reserve_make(int dirfd, const char *name, size_t size, struct err *e);

/* Write the text, make it durable, and rename `name` to `final`: all of it is there, or none. */
int reserve_commit(int fd, int dirfd, const char *name, const char *final, const char *text,
		   size_t len, struct err *e);

#endif
