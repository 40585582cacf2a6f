/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/build/rootless.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "imagetool/mount/userns.h"
#include "libutil/cleanup.h"
#include "libutil/file.h"

/* What the sysctl says; -1 where the kernel has none of this name. */
static int switch_of(const char *path)
{
	autofree char *text = NULL;

	if (file_read_at(AT_FDCWD, path, 64, &text, NULL, NULL) < 0)
		return -1;
	return atoi(text);
}

/* Why it was refused is found in the switches that distributions have for it. */
static int advise(struct err *e, const struct err *why)
{
	static const struct {
		const char *path, *name;
		int bad, good;
	} switches[] = {
		{ "/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", 0, 15000 },
		{ "/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone",
		  0, 1 },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
		  "kernel.apparmor_restrict_unprivileged_userns", 1, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (switch_of(switches[i].path) == switches[i].bad)
			return err_set(e, ENOTSUP,
				       "a build by an ordinary user needs a user namespace, and "
				       "this host forbids them (%s): let the administrator set "
				       "%s=%d, or build as root",
				       why->msg, switches[i].name, switches[i].good);
	return err_set(e, ENOTSUP,
		       "a build by an ordinary user needs a user namespace: %s: build as root, or "
		       "where user namespaces are allowed",
		       why->msg);
}

int build_reenter(const char *store, struct err *e)
{
	struct err why = { 0 };
	int r = userns_reenter(store, &why);

	return r < 0 ? advise(e, &why) : r;
}
