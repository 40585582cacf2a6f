/* SPDX-License-Identifier: Apache-2.0 */
/* The socket a service in the container says READY=1 to. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/sys.h"
#include "runtime/init/mount.h"
#include "runtime/init/stage.h"

/* A descriptor of the host's mount namespace, opened again in this one by its name. */
static int reopen(int fd, struct err *e)
{
	char link[FD_PATH_SIZE];
	char path[PATH_MAX];
	ssize_t n = readlink(fd_path(fd, link), path, sizeof(path) - 1);

	if (n < 0)
		return err_sys(e, "name the directory");
	path[n] = '\0';
	n = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return n < 0 ? err_sys(e, "open '%s'", path) : (int)n;
}

int notify_bind(struct init *in, struct err *e)
{
	static const struct mount_attrs ro = { .set = MOUNT_ATTR_RDONLY };
	autofd int fd = -1, target = -1;
	int r;

	if (in->job->notify_dirfd < 0)
		return 0;
	fd = reopen(in->job->notify_dirfd, e);
	r = fd;
	if (r >= 0)
		r = target = beneath_make_target(in->rootfd, "/run/notify", true, e);
	if (r >= 0)
		r = mount_bind(fd, target, false, &ro, e);
	return r < 0 ? err_wrap(e, r, "notify socket") : 0;
}
