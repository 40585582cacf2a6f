/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/host.h"

#include <sys/stat.h>

#include "libutil/alloc.h"
#include "libutil/path.h"

/* The inode number of the first user namespace is part of the kernel's ABI (PROC_USER_INIT_INO).
 * Looking at uid_map instead would take a namespace with an identity map for the first one. */
#define FIRST_USERNS_INODE 0xEFFFFFFDU

static bool in_first_userns(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) < 0 || st.st_ino == FIRST_USERNS_INODE;
}

bool host_is_rootless(const struct host *h)
{
	if (h->rootless != HOST_ROOTLESS_AUTO)
		return h->rootless == HOST_ROOTLESS_TRUE;
	return geteuid() != 0 || !in_first_userns();
}

bool host_maps_unprivileged(const struct host *h)
{
	if (h->rootless != HOST_ROOTLESS_AUTO)
		return h->rootless == HOST_ROOTLESS_TRUE;
	return geteuid() != 0;
}

char *host_default_root(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0)
		return xstrdup("/run/creel");
	return dir && path_is_absolute(dir) ? path_join(dir, "creel")
					    : xasprintf("/tmp/creel-%u", (unsigned)geteuid());
}
