/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/path.h"
#include "libutil/random.h"

/* First guess for files that do not tell their size (/proc, pipes). */
#define READ_GUESS 4096
/* How often a fresh random name may be taken already. */
#define TEMP_TRIES 16
#define COPY_CHUNK ((size_t)1 << 30)
#define COPY_BUF   65536

static ssize_t read_retry(int fd, void *buf, size_t len)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Memory for `cap` bytes and the NUL; sizes come from outside, so running out is an error. */
static int grow(char **buf, size_t cap, const char *name, struct err *e)
{
	char *bigger = realloc(*buf, cap + 1);

	if (!bigger)
		return err_set(e, ENOMEM, "read '%s': no memory for %zu bytes", name, cap);
	*buf = bigger;
	return 0;
}

int file_read_stat(int fd, const char *name, const struct stat *st, size_t max, char **ret,
		   size_t *ret_len, struct err *e)
{
	bool sized = S_ISREG(st->st_mode) && st->st_size > 0;
	autofree char *buf = NULL;
	size_t len = 0, cap = READ_GUESS;
	int r;

	if (sized) {
		if ((uint64_t)st->st_size > max)
			return err_set(e, EFBIG, "read '%s': larger than %zu bytes", name, max);
		cap = (size_t)st->st_size + 1;
	}
	for (;;) {
		ssize_t n;

		/* One byte over the maximum is enough to know that it is too long. */
		if (cap > max)
			cap = max + 1;
		r = grow(&buf, cap, name, e);
		if (r < 0)
			return r;
		n = read_retry(fd, buf + len, cap - len);
		if (n < 0)
			return err_sys(e, "read '%s'", name);
		len += (size_t)n;
		if (len > max)
			return err_set(e, EFBIG, "read '%s': larger than %zu bytes", name, max);
		/* A regular file that gave its size in bytes and not the one more asked for
		 * has ended: one system call less per file. */
		if (n == 0 || (sized && len == (size_t)st->st_size && len < cap))
			break;
		if (len == cap)
			cap *= 2;
	}
	buf[len] = '\0';
	*ret = steal_ptr(&buf);
	if (ret_len)
		*ret_len = len;
	return 0;
}

int file_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '%s'", name);
	return file_read_stat(fd, name, &st, max, ret, ret_len, e);
}

int file_read_at(int dirfd, const char *name, size_t max, char **ret, size_t *ret_len,
		 struct err *e)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open '%s'", name);
	return file_read_fd(fd, name, max, ret, ret_len, e);
}

int file_read_regular_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len,
			 struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '%s'", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "'%s' is not a regular file", name);
	return file_read_stat(fd, name, &st, max, ret, ret_len, e);
}

int file_read_regular_at(int dirfd, const char *name, size_t max, char **ret, size_t *ret_len,
			 struct err *e)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "open '%s'", name);
	return file_read_regular_fd(fd, name, max, ret, ret_len, e);
}

int file_read_named(const char *file, size_t max, char **ret, size_t *ret_len,
		    const char **ret_name, struct err *e)
{
	bool is_stdin = streq(file, "-");

	*ret_name = is_stdin ? "standard input" : path_base(file);
	return is_stdin ? file_read_fd(STDIN_FILENO, *ret_name, max, ret, ret_len, e)
			: file_read_at(AT_FDCWD, file, max, ret, ret_len, e);
}

int file_write_at(int dirfd, const char *name, const char *text, struct err *e)
{
	autofd int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return err_sys(e, "open '%s'", name);
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "write '%.64s' to '%s'", text, name);
	if ((size_t)n != len)
		return err_set(e, EIO, "write '%.64s' to '%s': only %zd of %zu bytes went in", text,
			       name, n, len);
	return 0;
}

int file_write_all(int fd, const void *data, size_t len, struct err *e)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n >= 0) {
			at += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			if (poll(&p, 1, -1) < 0 && errno != EINTR)
				return err_sys(e, "wait to write %zu bytes", len);
		} else if (errno != EINTR) {
			return err_sys(e, "write %zu bytes", len);
		}
	}
	return 0;
}

int file_pwrite_all(int fd, const void *data, size_t len, int64_t offset, struct err *e)
{
	const char *p = data;

	while (len) {
		ssize_t n = pwrite(fd, p, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "write");
		p += n;
		len -= (size_t)n;
		offset += n;
	}
	return 0;
}

/* The temporary of `name`: hidden, in the same directory, else rename(2) could not replace. */
static char *temp_path(const char *name)
{
	const char *slash = strrchr(name, '/');
	int dir_len = slash ? (int)(slash - name) + 1 : 0;
	char suffix[RANDOM_NAME_SIZE];

	return xasprintf("%.*s.tmp-%s", dir_len, name, random_name(suffix));
}

static int open_temp(int dirfd, const char *name, char **ret_path, struct err *e)
{
	for (int i = 0; i < TEMP_TRIES; i++) {
		autofree char *path = temp_path(name);
		int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				0600);

		if (fd >= 0) {
			*ret_path = steal_ptr(&path);
			return fd;
		}
		if (errno != EEXIST)
			break;
	}
	return err_sys(e, "create a temporary for '%s'", name);
}

/* Make the rename itself durable. */
static int sync_parent(int dirfd, const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/');
	autofree char *parent = slash ? xstrndup(name, (size_t)(slash - name) + 1) : xstrdup(".");
	autofd int fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(e, "sync the directory of '%s'", name);
	return 0;
}

static int fill_temp(int fd, const char *name, const void *data, size_t len, mode_t mode,
		     enum file_sync sync, struct err *e)
{
	int r = file_write_all(fd, data, len, e);

	if (r < 0)
		return err_wrap(e, r, "replace '%s'", name);
	/* Not left to open(2), where the umask would take bits away. */
	if (mode != 0600 && fchmod(fd, mode) < 0)
		return err_sys(e, "set mode of '%s'", name);
	if (sync == FILE_SYNC && fsync(fd) < 0)
		return err_sys(e, "sync '%s'", name);
	return 0;
}

int file_replace_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		    enum file_sync sync, struct err *e)
{
	autofree char *temp = NULL;
	autofd int fd = open_temp(dirfd, name, &temp, e);
	int r;

	if (fd < 0)
		return fd;
	r = fill_temp(fd, name, data, len, mode, sync, e);
	if (r == 0 && renameat(dirfd, temp, dirfd, name) < 0)
		r = err_sys(e, "replace '%s'", name);
	if (r < 0) {
		(void)unlinkat(dirfd, temp, 0);
		return r;
	}
	return sync == FILE_SYNC ? sync_parent(dirfd, name, e) : 0;
}

bool file_named_is_replaced(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 || S_ISREG(st.st_mode);
}

int file_put_named(const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	autofd int fd = -1;

	if (file_named_is_replaced(path))
		return file_replace_at(AT_FDCWD, path, data, len, mode, FILE_NO_SYNC, e);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	return file_write_all(fd, data, len, e);
}

/* Copies inside the kernel as long as it can.  1: the end was reached; 0: go on by hand. */
static int copy_in_kernel(int from, int to, uint64_t *total, struct err *e)
{
	for (;;) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, COPY_CHUNK, 0);

		if (n > 0) {
			*total += (uint64_t)n;
			continue;
		}
		/* Some kernels answer 0 for files of /proc, which have no size. */
		if (n == 0)
			return *total > 0;
		switch (errno) {
		case EINTR:
			continue;
		case EBADF: /* `to` is open for append */
		case EINVAL:
		case ENOSYS:
		case EOPNOTSUPP:
		case EPERM:
		case EXDEV:
			return 0;
		default:
			return err_sys(e, "copy");
		}
	}
}

int file_copy(int from, int to, uint64_t *ret_bytes, struct err *e)
{
	uint64_t total = 0;
	char buf[COPY_BUF];
	int r = copy_in_kernel(from, to, &total, e);

	while (r == 0) {
		ssize_t n = read_retry(from, buf, sizeof(buf));

		if (n < 0)
			return err_sys(e, "copy: read");
		if (n == 0)
			break;
		r = file_write_all(to, buf, (size_t)n, e);
		total += (uint64_t)n;
	}
	if (r < 0)
		return r;
	if (ret_bytes)
		*ret_bytes = total;
	return 0;
}
