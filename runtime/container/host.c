/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/host.h"

#include <sys/stat.h>

#include "libutil/alloc.h"
#include "libutil/caps.h"
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
	return geteuid() != 0 || !in_first_userns() || !caps_hold(CAP_SYS_ADMIN);
}

bool host_maps_unprivileged(const struct host *h)
{
	if (h->rootless != HOST_ROOTLESS_AUTO)
		return h->rootless == HOST_ROOTLESS_TRUE;
	return !caps_hold(CAP_SETUID) || !caps_hold(CAP_SETGID);
}

/* An ordinary user's program that became root in a user namespace (a rootless engine, `unshare -r`)
 * kept the user's environment; a login as the root of a system container says so. */
static bool owns_run(void)
{
	const char *user = getenv("USER");

	return geteuid() == 0 && (in_first_userns() || (user && streq(user, "root")));
}

char *host_default_root(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (!owns_run() && dir && path_is_absolute(dir))
		return path_join(dir, "creel");
	return geteuid() == 0 ? xstrdup("/run/creel")
			      : xasprintf("/tmp/creel-%u", (unsigned)geteuid());
}
