/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/record/reserve.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"

int reserve_make(int dirfd, const char *name, size_t size, struct err *e)
{
	autofd int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, "create '%s'", name);
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) < 0 && errno != EOPNOTSUPP)
		return err_sys(e, "reserve space for '%s'", name);
	return steal_fd(&fd);
}

int reserve_commit(int fd, int dirfd, const char *name, const char *final, const char *text,
		   size_t len, struct err *e)
{
	int r = file_write_all(fd, text, len, e);

	if (r < 0)
		return err_wrap(e, r, "write '%s'", name);
	if (fsync(fd) < 0)
		return err_sys(e, "sync '%s'", name);
	if (renameat(dirfd, name, dirfd, final) < 0)
		return err_sys(e, "rename '%s' to '%s'", name, final);
	/* The name must survive a power cut too; the content already does. */
	if (fsync(dirfd) < 0)
		return err_sys(e, "sync the directory of '%s'", final);
	return 0;
}
