/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"

#define LOG_MODE    0640
#define NEXT_SUFFIX ".new"

static int file_id(int dirfd, const char *path, int flags, struct file_id *ret)
{
	struct statx st;

	if (statx(dirfd, path, flags, STATX_INO | STATX_BTIME, &st) < 0)
		return -errno;
	*ret = (struct file_id){
		.dev = ((uint64_t)st.stx_dev_major << 32) | st.stx_dev_minor,
		.ino = st.stx_ino,
	};
	if (st.stx_mask & STATX_BTIME)
		ret->made_ns = (uint64_t)st.stx_btime.tv_sec * 1000000000u + st.stx_btime.tv_nsec;
	return 0;
}

int file_id_of(int fd, struct file_id *ret, struct err *e)
{
	int r = file_id(fd, "", AT_EMPTY_PATH, ret);

	return r < 0 ? err_set(e, -r, "look at the log: %s", strerror(-r)) : 0;
}

int file_id_at(const char *path, struct file_id *ret, struct err *e)
{
	int r = file_id(AT_FDCWD, path, 0, ret);

	return r < 0 && r != -ENOENT ? err_set(e, -r, "look at log '%s': %s", path, strerror(-r))
				     : r;
}

static bool same_file(const char *a, const char *b)
{
	struct file_id x = { 0 }, y = { 0 };

	return file_id_at(a, &x, NULL) >= 0 && file_id_at(b, &y, NULL) >= 0 && file_id_same(&x, &y);
}

static char *nth(const char *path, unsigned n)
{
	return xasprintf("%s.%u", path, n);
}

/* Make PATH.1 free.  Only what is in front of the first gap moves: a rotation that was cut short
 * leaves one, and moving on what is behind it would push out the oldest for nothing. */
static int shift(const char *path, unsigned files, struct err *e)
{
	unsigned gap = 1;

	for (; gap < files - 1; gap++) {
		autofree char *name = nth(path, gap);

		if (faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			break;
	}
	for (; gap > 1; gap--) {
		autofree char *to = nth(path, gap), *from = nth(path, gap - 1);

		if (rename(from, to) < 0)
			return err_sys(e, "rename log '%s' to '%s'", from, to);
	}
	return 0;
}

/* The full file's second name. */
static int keep_old(const char *path, unsigned files, struct err *e)
{
	autofree char *first = nth(path, 1);
	int r;

	/* A rotation got this far and no further. */
	if (same_file(path, first))
		return 0;
	r = shift(path, files, e);
	if (r < 0)
		return r;
	/* The oldest goes when there is no further name for it. */
	if (files == 2 && unlink(first) < 0 && errno != ENOENT)
		return err_sys(e, "remove log '%s'", first);
	if (link(path, first) >= 0)
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK && errno != ENOSYS)
		return err_sys(e, "keep log '%s' as '%s'", path, first);
	return rename(path, first) < 0 ? err_sys(e, "rename log '%s' to '%s'", path, first) : 0;
}

static int open_next(const char *next, struct err *e)
{
	int fd;

	if (unlink(next) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s'", next);
	fd = open(next, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, LOG_MODE);
	return fd < 0 ? err_sys(e, "create log '%s'", next) : fd;
}

int rotate(const char *path, unsigned files, struct err *e)
{
	autofree char *next = xasprintf("%s" NEXT_SUFFIX, path);
	/* First, so that a full disk changes nothing. */
	autofd int fd = open_next(next, e);
	int r = fd;

	if (r >= 0 && files > 1)
		r = keep_old(path, files, e);
	if (r >= 0 && rename(next, path) < 0)
		r = err_sys(e, "rename log '%s' to '%s'", next, path);
	if (r >= 0)
		return steal_fd(&fd);
	if (fd >= 0)
		(void)unlink(next);
	return r;
}
