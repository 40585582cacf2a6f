/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/files_content.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "imagetool/diff/disk_xattrs.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/overlay_xattr.h"
#include "libutil/file.h"

/* What is asked of the kernel at once, so that an interrupt is seen. */
#define RANGE_MAX ((size_t)64 << 20)

/* ---- Content ---- */

/* From `at` to `end`, or to the end of the file. */
static int copy_by_hand(int from, int to, int64_t at, int64_t end, char *buf, struct err *e)
{
	while (at < end) {
		size_t want =
			end - at < (int64_t)CONTENT_BUFFER ? (size_t)(end - at) : CONTENT_BUFFER;
		ssize_t n = pread(from, buf, want, at);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read");
		if (n == 0)
			return 0;
		r = file_pwrite_all(to, buf, (size_t)n, at, e);
		if (r >= 0)
			r = interrupt_check(e);
		if (r < 0)
			return r;
		at += n;
	}
	return 0;
}

/* File systems of different kinds, old kernels, special files. */
static bool is_declined(int error)
{
	return error == EXDEV || error == EOPNOTSUPP || error == ENOSYS || error == EPERM ||
	       error == EINVAL || error == EIO;
}

static int copy_range(int from, int to, int64_t at, int64_t end, char *buf, struct err *e)
{
	while (at < end) {
		off_t in = at, out = at;
		size_t want = (uint64_t)(end - at) < RANGE_MAX ? (size_t)(end - at) : RANGE_MAX;
		ssize_t n = copy_file_range(from, &in, to, &out, want, 0);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !is_declined(errno))
			return err_sys(e, "copy");
		/* Some file systems say 0 for what they could read. */
		if (n <= 0)
			return copy_by_hand(from, to, at, end, buf, e);
		r = interrupt_check(e);
		if (r < 0)
			return r;
		at += n;
	}
	return 0;
}

/* Holes stay holes. */
static int copy_pieces(int from, int to, int64_t size, char *buf, struct err *e)
{
	int64_t at = 0;

	while (at < size) {
		off_t data = lseek(from, at, SEEK_DATA), hole;
		int r;

		if (data < 0 && errno == ENXIO)
			break;
		if (data < 0)
			data = at;
		if (data >= size)
			break;
		hole = lseek(from, data, SEEK_HOLE);
		if (hole <= data || hole > size)
			hole = size;
		r = copy_range(from, to, data, hole, buf, e);
		if (r < 0)
			return r;
		at = hole;
	}
	if (ftruncate(to, size) < 0)
		return err_sys(e, "set size %lld", (long long)size);
	return 0;
}

int content_copy(int from, int to, int64_t size, char *buf, struct err *e)
{
	off_t hole;

	/* A small file is through one's own buffer before the kernel has found out how it could. */
	if (size <= (int64_t)CONTENT_BUFFER)
		return copy_by_hand(from, to, 0, size, buf, e);
	hole = lseek(from, 0, SEEK_HOLE);
	if (hole >= 0 && hole < size)
		return copy_pieces(from, to, size, buf, e);
	return copy_range(from, to, 0, size, buf, e);
}

/* ---- Extended attributes ---- */

/* The file system has none, or it is one that only others may set. */
static bool may_lack(int error)
{
	return error == ENOTSUP || error == EPERM || error == EACCES || error == EINVAL;
}

static int failed(const char *what, const char *name, struct err *e)
{
	return may_lack(errno) || errno == ENODATA
		       ? 0
		       : err_sys(e, "%s extended attribute '%.100s'", what, name);
}

/* A file by its descriptor, or with `path` by that, links not followed. */
struct holder {
	int fd;
	const char *path;
};

static ssize_t list_of(const struct holder *h, char *list, size_t size)
{
	return h->path ? llistxattr(h->path, list, size) : flistxattr(h->fd, list, size);
}

static ssize_t get(const struct holder *h, const char *name, char *value, size_t size)
{
	return h->path ? lgetxattr(h->path, name, value, size)
		       : fgetxattr(h->fd, name, value, size);
}

static int set(const struct holder *h, const char *name, const char *value, size_t len)
{
	return h->path ? lsetxattr(h->path, name, value, len, 0)
		       : fsetxattr(h->fd, name, value, len, 0);
}

static int copy_xattrs(const struct holder *from, const struct holder *to, struct err *e)
{
	char list[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
	ssize_t len = list_of(from, list, sizeof(list));
	int r = 0;

	if (len < 0)
		return may_lack(errno) ? 0 : err_sys(e, "list extended attributes");
	for (const char *x = list; x < list + len && r >= 0; x += strlen(x) + 1) {
		ssize_t n;

		if (!disk_xattr_counts(x))
			continue;
		n = get(from, x, value, sizeof(value));
		if (n < 0)
			r = failed("read", x, e);
		else if (set(to, x, value, (size_t)n) < 0)
			r = failed("set", x, e);
	}
	return r;
}

int content_copy_xattrs(int from, int to, struct err *e)
{
	return copy_xattrs(&(struct holder){ .fd = from }, &(struct holder){ .fd = to }, e);
}

int content_copy_xattrs_at(int fromdir, int todir, const char *name, struct err *e)
{
	struct xattr_path from, to;

	return copy_xattrs(&(struct holder){ .path = xattr_path_at(fromdir, name, &from) },
			   &(struct holder){ .path = xattr_path_at(todir, name, &to) }, e);
}
