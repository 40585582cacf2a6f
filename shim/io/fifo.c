/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"

static bool is_fifo(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

static int fifo_at(const char *path, bool *ret, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "stream '%s'", path);
	*ret = S_ISFIFO(st.st_mode);
	return 0;
}

static int open_end(const char *path, int flags, struct err *e)
{
	int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open '%s'", path) : fd;
}

/* Non-blocking until both ends are there, blocking for the process. */
static int open_blocking(const char *path, int flags, struct err *e)
{
	autofd int fd = open_end(path, flags, e);
	int r;

	if (fd < 0)
		return fd;
	r = fd_set_nonblock(fd, false, e);
	return r < 0 ? r : steal_fd(&fd);
}

static int open_file_out(const char *path, struct fifo_out *ret, struct err *e)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	*ret = (struct fifo_out){ .writer = fd, .guard = -1, .client_seen = true };
	return 0;
}

/* A writer that opens without waiting is refused while there is no reader (ENXIO). */
static int open_fifo_out(const char *path, struct fifo_out *ret, struct err *e)
{
	autofd int first = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	autofd int guard = open_end(path, O_RDONLY, e);
	int writer;

	if (guard < 0)
		return guard;
	writer = open_blocking(path, O_WRONLY, e);
	if (writer < 0)
		return writer;
	/* Somebody may have put another file there since we looked. */
	if (!is_fifo(guard) || !is_fifo(writer)) {
		(void)close(writer);
		return err_set(e, EINVAL, "'%s' is no FIFO any more", path);
	}
	*ret = (struct fifo_out){
		.writer = writer,
		.guard = steal_fd(&guard),
		.client_seen = first >= 0,
	};
	return 0;
}

int fifo_open_out(const char *path, struct fifo_out *ret, struct err *e)
{
	bool fifo = false;
	int r = fifo_at(path, &fifo, e);

	if (r < 0)
		return r;
	return fifo ? open_fifo_out(path, ret, e) : open_file_out(path, ret, e);
}

int fifo_open_in(const char *path, int *ret_keep, struct err *e)
{
	autofd int reader = -1;
	bool fifo = false;
	int keep = -1;
	int r = fifo_at(path, &fifo, e);

	if (r < 0)
		return r;
	reader = open_blocking(path, O_RDONLY, e);
	if (reader < 0)
		return reader;
	if (fifo) {
		keep = open_end(path, O_WRONLY, e);
		if (keep < 0)
			return keep;
	}
	*ret_keep = keep;
	return steal_fd(&reader);
}

bool fifo_has_reader(int writer)
{
	struct pollfd p = { .fd = writer };

	return poll(&p, 1, 0) <= 0 || !(p.revents & POLLERR);
}

int fifo_leave(int guard)
{
	char path[FD_PATH_SIZE];
	autofd int writer = -1;
	int unread = 0;

	if (ioctl(guard, FIONREAD, &unread) == 0 && unread > 0)
		writer = open(fd_path(guard, path), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	(void)close(guard);
	return writer < 0 || fifo_has_reader(writer) ? -1 : steal_fd(&writer);
}

int fifo_watch(int writer, struct err *e)
{
	autofd int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char path[FD_PATH_SIZE];

	if (fd < 0)
		return err_sys(e, "watch a FIFO");
	if (inotify_add_watch(fd, fd_path(writer, path), IN_OPEN) < 0)
		return err_sys(e, "watch a FIFO");
	/* One that came before the watch would never be told. */
	if (fifo_has_reader(writer))
		return err_set(e, EALREADY, "the client is there");
	return steal_fd(&fd);
}

void fifo_watch_again(int watchfd)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(watchfd, events, sizeof(events)) > 0)
		;
}
