/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"

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

/* May this process write a hold file?  Opens what it needs for that. */
static bool open_for_holding(struct store *s)
{
	s->tmpfd = openat(s->dirfd, "tmp", O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->tmpfd >= 0 && faccessat(s->tmpfd, ".", W_OK | X_OK, AT_EACCESS) == 0)
		s->gcfd = lock_file_open(s, "gc", false);
	if (s->gcfd >= 0)
		return true;
	fd_close(&s->tmpfd);
	return false;
}

static int open_reader(struct store *s, struct err *e)
{
	s->can_hold = open_for_holding(s);
	if (s->can_hold)
		return 0;
	s->usefd = lock_file_open(s, "use", true);
	if (s->usefd < 0) {
		if (errno == ENOENT || errno == EACCES)
			return 0;
		return err_sys(e, "open '%s/lock/use'", s->path);
	}
	if (flock_wait(s->usefd, LOCK_SH) < 0)
		return err_sys(e, "lock '%s/lock/use'", s->path);
	return 0;
}

/* "use" is made for readers who may not make files here. */
static int open_writer(struct store *s, struct err *e)
{
	autofd int use = lock_file_open(s, "use", false);

	if (use < 0)
		return err_sys(e, "open '%s/lock/use'", s->path);
	s->gcfd = lock_file_open(s, "gc", false);
	if (s->gcfd < 0)
		return err_sys(e, "open '%s/lock/gc'", s->path);
	s->can_hold = true;
	return 0;
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
	return reading ? open_reader(s, e) : open_writer(s, e);
}

int store_lock_alone(const struct store *s, struct err *e)
{
	autofd int fd = lock_file_open(s, "use", false);

	if (fd < 0)
		return err_sys(e, "open '%s/lock/use'", s->path);
	if (flock_wait(fd, LOCK_EX | LOCK_NB) == 0)
		return steal_fd(&fd);
	if (errno == EWOULDBLOCK)
		return -EBUSY;
	return err_sys(e, "lock '%s/lock/use'", s->path);
}

int store_lock_gc(const struct store *s, int operation, struct err *e)
{
	if (flock_wait(s->gcfd, operation) < 0)
		return err_sys(e, "lock '%s/lock/gc'", s->path);
	return 0;
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
