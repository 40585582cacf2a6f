/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "libutil/cleanup.h"

/*
 * flock(2), because its locks belong to the open file: they end with the process
 * however it ends, and other code of this process cannot drop them by closing a
 * descriptor of its own.
 */
static int flock_wait(int fd, int kind)
{
	int r;

	do
		r = flock(fd, kind);
	while (r < 0 && errno == EINTR);
	return r;
}

/* Locking needs no write permission, so a reader of somebody else's store locks as well. */
static int lock_file_open(const struct store *s, const char *name, bool reading)
{
	if (reading)
		return openat(s->lockfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return openat(s->lockfd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
}

int store_lock_open(struct store *s, enum store_access access, struct err *e)
{
	bool reading = access == STORE_READ;

	/* Where no writer of ours has been yet there is no collector to keep out, and a foreign
	 * layout stays as it is. */
	if (!reading && mkdirat(s->dirfd, "lock", 0755) < 0 && errno != EEXIST)
		return err_sys(e, "create '%s/lock'", s->path);
	s->lockfd = openat(s->dirfd, "lock", O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->lockfd < 0) {
		if (reading && (errno == ENOENT || errno == EACCES))
			return 0;
		return err_sys(e, "open '%s/lock'", s->path);
	}
	s->usefd = lock_file_open(s, "use", reading);
	if (s->usefd < 0) {
		if (reading && (errno == ENOENT || errno == EACCES))
			return 0;
		return err_sys(e, "open '%s/lock/use'", s->path);
	}
	return store_lock_share(s, e);
}

int store_lock_share(struct store *s, struct err *e)
{
	if (flock_wait(s->usefd, LOCK_SH) < 0)
		return err_sys(e, "lock '%s/lock/use'", s->path);
	return 0;
}

int store_lock_alone(struct store *s, struct err *e)
{
	if (flock_wait(s->usefd, LOCK_EX | LOCK_NB) == 0)
		return 1;
	if (errno == EWOULDBLOCK)
		return 0;
	return err_sys(e, "lock '%s/lock/use'", s->path);
}

int store_lock_index(struct store *s, struct err *e)
{
	autofd int fd = lock_file_open(s, "index", false);

	if (fd < 0)
		return err_sys(e, "open '%s/lock/index'", s->path);
	if (flock_wait(fd, LOCK_EX) < 0)
		return err_sys(e, "lock '%s/lock/index'", s->path);
	return steal_fd(&fd);
}
