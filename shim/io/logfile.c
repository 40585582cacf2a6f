/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shim/io/logline.h"

/* Of the kernel's 1024; a batch of short lines takes several writes. */
#define IOV_BATCH 256

int logfile_open(struct logfile *l, const char *path, struct err *e)
{
	struct logfile opened = { .made = true };

	opened.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
	if (opened.fd < 0 && errno == EEXIST) {
		opened.made = false;
		opened.fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	}
	if (opened.fd < 0)
		return err_sys(e, "open log '%s'", path);
	*l = opened;
	return 0;
}

void logfile_close(struct logfile *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
}

uint64_t logfile_end(const struct logfile *l)
{
	off_t end = lseek(l->fd, 0, SEEK_END);

	return end < 0 ? 0 : (uint64_t)end;
}

static size_t iov_len(const struct iovec *iov, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += iov[i].iov_len;
	return len;
}

/* All of it or nothing: what a full disk took of a torn write is cut off again, so that the next
 * record starts on a line of its own. */
static int write_whole(int fd, const struct iovec *iov, size_t n)
{
	size_t want = iov_len(iov, n);
	ssize_t done;
	off_t end;

	do
		done = writev(fd, iov, (int)n);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	if ((size_t)done == want)
		return 0;
	end = lseek(fd, 0, SEEK_END);
	if (end >= done)
		(void)!ftruncate(fd, end - done);
	return -ENOSPC;
}

bool logfile_write(struct logfile *l, enum stream stream, struct timespec when, const char *data,
		   size_t len)
{
	struct iovec iov[IOV_BATCH];
	struct logline_heads heads = { 0 };

	logline_heads(&heads, stream, when);
	for (size_t done = 0, used = 0; done < len; done += used) {
		size_t n = logline_fill(iov, IOV_BATCH, &heads, data + done, len - done, &used);
		int r = write_whole(l->fd, iov, n);

		if (r < 0) {
			if (l->lost == 0)
				l->lost_errno = -r;
			l->lost += len - done;
			return false;
		}
	}
	return true;
}
