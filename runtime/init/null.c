/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The null device of the container.
 *
 * Callers give their own /dev/null as standard input.  Root of the container
 * could change that node of the host's through the descriptor (fchmod(2)), and
 * criu finds no mount of the container's that it is on; so it is exchanged for
 * the container's.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "libutil/cleanup.h"
#include "libutil/log.h"
#include "runtime/init/stage.h"

#define NULL_MAJOR 1
#define NULL_MINOR 3

static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(NULL_MAJOR, NULL_MINOR);
}

int null_open(const struct init *in, int flags, struct err *e)
{
	autofd int fd =
		beneath_open(in->rootfd, "/dev/null", flags | O_NOFOLLOW, 0, BENEATH_CHROOT, e);

	if (fd < 0)
		return fd;
	if (!is_null(fd))
		return err_set(e, ENODEV, "'/dev/null' is not the null device");
	return steal_fd(&fd);
}

/* A container without a null device, or without the right to it, keeps what it was given. */
int null_streams(struct init *in, struct err *e)
{
	autofd int nullfd = -1;

	for (int fd = 0; fd <= 2; fd++) {
		struct err why = { 0 };

		if (!is_null(fd))
			continue;
		if (nullfd < 0)
			nullfd = null_open(in, O_RDWR | O_NOCTTY, &why);
		if (nullfd < 0) {
			log_debug("streams stay the host's: %s", why.msg);
			return 0;
		}
		if (dup2(nullfd, fd) < 0)
			return err_sys(e, "make '/dev/null' descriptor %d", fd);
	}
	return 0;
}
