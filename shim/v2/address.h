/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket a shim is found at.  All containers of a pod have one, for its
 * name is made of what they share; who comes second finds it in use.
 */
#ifndef SHIM_V2_ADDRESS_H
#define SHIM_V2_ADDRESS_H

#include "libutil/err.h"
#include "libutil/macro.h"

#define ADDRESS_DIR    "/run/containerd/s"
#define ADDRESS_SCHEME "unix://"

/* Pure: DIR/HASH for containerd's socket, the namespace and what groups containers. */
char *address_path(const char *dir, const char *containerd, const char *ns,
		   const char *group) MALLOC_LIKE;

/* Pure: the group that the annotations of a config.json name, as a copy, or NULL. */
int address_group(const char *text, size_t len, char **ret, struct err *e);

/*
 * Listen there.  *ret_fd is the socket, or -1 when a shim already serves it.
 * What nobody serves is replaced.  Any number of callers at once get one
 * listener.
 */
int address_claim(const char *path, int *ret_fd, struct err *e);

/* Remove what a shim that was killed has left there; one that is served stays. */
void address_sweep(const char *path);

#endif
