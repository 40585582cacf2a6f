/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/inherited.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/parse.h"

static int take(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
		struct err *e UNUSED)
{
	struct inherited *in = ctx;
	int fd = -1, flags;

	if (parse_int(name, &fd) < 0 || fd <= STDERR_FILENO || fd == dirfd)
		return 0;
	flags = fcntl(fd, F_GETFD);
	if (flags < 0 || (flags & FD_CLOEXEC))
		return 0;
	in->fds = xreallocarray(in->fds, in->n + 1, sizeof(*in->fds));
	in->fds[in->n++] = fd;
	return 0;
}

int inherited_find(struct inherited *in, struct err *e)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, "/proc/self/fd", e);

	*in = (struct inherited){ 0 };
	return dirfd < 0 ? dirfd : dir_each(dirfd, take, in, e);
}

void inherited_close(struct inherited *in)
{
	for (size_t i = 0; i < in->n; i++)
		(void)close(in->fds[i]);
	free(in->fds);
	*in = (struct inherited){ 0 };
}
