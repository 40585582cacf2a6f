/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/fd.h"
#include "libutil/parse.h"

/* More than any shell or service manager passes. */
#define INHERIT_MAX 4096

static int listen_fds(unsigned *ret, struct err *e)
{
	const char *count = getenv("LISTEN_FDS");
	const char *pid = getenv("LISTEN_PID");
	uint32_t n = 0;
	pid_t who = 0;

	if (!count || !pid || parse_pid(pid, &who) < 0 || who != getpid())
		return 0;
	if (parse_u32(count, &n) < 0 || n > INHERIT_MAX)
		return err_set(e, EINVAL, "LISTEN_FDS is '%s', not a number up to %d", count,
			       INHERIT_MAX);
	*ret = n;
	return 0;
}

static int steal_own(int *own)
{
	int fd = *own;

	*own = 0;
	return fd;
}

int inherit_prepare(unsigned preserve_fds, int *own, struct inherit *ret, struct err *e)
{
	struct inherit in = { .preserve_fds = preserve_fds };
	int r;

	if (preserve_fds > INHERIT_MAX)
		return err_set(e, EINVAL, "--preserve-fds: %u is more than %d", preserve_fds,
			       INHERIT_MAX);
	r = listen_fds(&in.listen_fds, e);
	if (r >= 0 && *own > 0 && *own < 3 + (int)(in.listen_fds + in.preserve_fds))
		(void)close(steal_own(own));
	if (r >= 0)
		r = fd_cloexec_from(3 + (int)(in.listen_fds + in.preserve_fds), e);
	if (r < 0)
		return r;
	for (int fd = 3; fd < 3 + (int)(in.listen_fds + in.preserve_fds); fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return err_set(
				e, EBADF,
				"descriptor %d is to be passed to the container but is not open",
				fd);
	*ret = in;
	return 0;
}
