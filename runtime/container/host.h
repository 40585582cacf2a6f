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

/* Do we lack the rights of the machine's root?  AUTO: another effective user id, a user namespace
 * that is not the first one, or no CAP_SYS_ADMIN.  Then control groups that may not be changed are
 * done without. */
bool host_is_rootless(const struct host *h);
/* May we map no more than our own ids ourselves?  AUTO: we lack CAP_SETUID or CAP_SETGID; root of
 * an outer user namespace has both there, and so has a user to whom they were given. */
bool host_maps_unprivileged(const struct host *h);

/* "/run/creel", or below $XDG_RUNTIME_DIR when not root; root of an outer user namespace is not,
 * unless $USER says "root".  Owned. */
char *host_default_root(void) MALLOC_LIKE;

#endif
