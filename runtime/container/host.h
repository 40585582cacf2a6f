/* SPDX-License-Identifier: Apache-2.0 */
/* What the global options decided for one run of the program. */
#ifndef RUNTIME_CONTAINER_HOST_H
#define RUNTIME_CONTAINER_HOST_H

#include "runtime/cgroup/cgroup.h"

enum host_rootless { HOST_ROOTLESS_AUTO, HOST_ROOTLESS_TRUE, HOST_ROOTLESS_FALSE };

struct host {
	const char *root; /* state root */
	enum cgroup_driver driver;
	enum host_rootless rootless;
};

/* Do we lack the rights of the machine's root?  AUTO: another effective user id, or a user
 * namespace that is not the first one.  Decides how control groups are looked for. */
bool host_is_rootless(const struct host *h);
/* Must ids be mapped with the help of newuidmap?  AUTO: an effective user id other than 0; root of
 * an outer user namespace may write maps itself. */
bool host_maps_unprivileged(const struct host *h);

/* "/run/creel", or below $XDG_RUNTIME_DIR when not root.  Owned. */
char *host_default_root(void) MALLOC_LIKE;

#endif
