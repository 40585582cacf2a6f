/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "libutil/sys.h"

/* Digits by hand: this runs for every mount and every file below a rootfs. */
const char *fd_path(int fd, char buf[FD_PATH_SIZE])
{
	static const char prefix[] = "/proc/self/fd/";
	char digits[12];
	size_t n = 0, at = sizeof(prefix) - 1;
	unsigned value = fd < 0 ? 0 : (unsigned)fd;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	memcpy(buf, prefix, at);
	if (fd < 0)
		buf[at++] = '-'; /* names nothing, so that the mistake shows as ENOENT */
	while (n > 0)
		buf[at++] = digits[--n];
	buf[at] = '\0';
	return buf;
}

static int change_flag(int fd, int get, int set, int flag, bool on, struct err *e)
{
	int flags = fcntl(fd, get);
	int wanted = on ? flags | flag : flags & ~flag;

	if (flags < 0)
		return err_sys(e, "read flags of descriptor %d", fd);
	if (wanted != flags && fcntl(fd, set, wanted) < 0)
		return err_sys(e, "set flags of descriptor %d", fd);
	return 0;
}

void fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

int fd_set_cloexec(int fd, bool on, struct err *e)
{
	return change_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, on, e);
}

int fd_set_nonblock(int fd, bool on, struct err *e)
{
	return change_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, on, e);
}

#define SELF_FDS "/proc/self/fd"

static bool is_kept(int fd, const int *keep, size_t n_keep)
{
	for (size_t i = 0; i < n_keep; i++)
		if (keep[i] == fd)
			return true;
	return false;
}

/* For kernels before 5.9 and filters that refuse close_range(2).  Takes `listfd`, an open
 * /proc/self/fd. */
static int each_open_fd(int listfd, int first, const int *keep, size_t n_keep, bool really_close,
			struct err *e)
{
	autodir DIR *d = fdopendir(listfd);
	const struct dirent *entry;

	if (!d) {
		(void)close(listfd);
		return err_sys(e, "read " SELF_FDS);
	}
	while ((entry = readdir(d))) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);

		if (end == entry->d_name || *end || fd < first || fd > INT_MAX || fd == dirfd(d))
			continue;
		if (is_kept((int)fd, keep, n_keep))
			continue;
		if (really_close)
			(void)close((int)fd);
		else
			(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	}
	return 0;
}

static int open_list(struct err *e)
{
	int fd = open(SELF_FDS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open '" SELF_FDS "'") : fd;
}

int fd_list_if_needed(int *ret_fd, struct err *e)
{
	*ret_fd = -1;
	/* There is none so high. */
	if (sys_close_range(UINT_MAX, UINT_MAX, 0) == 0 || !sys_is_refused(errno))
		return 0;
	*ret_fd = open_list(e);
	return *ret_fd < 0 ? *ret_fd : 0;
}

int fd_cloexec_from(int first, struct err *e)
{
	int listfd;

	if (sys_close_range((unsigned)first, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	/* EINVAL: 5.9 and 5.10 know the call without the flag. */
	if (errno != EINVAL && !sys_is_refused(errno))
		return err_sys(e, "mark descriptors from %d close-on-exec", first);
	listfd = open_list(e);
	return listfd < 0 ? listfd : each_open_fd(listfd, first, NULL, 0, false, e);
}

int fd_close_from(int listfd, int first, const int *keep, size_t n_keep, struct err *e)
{
	unsigned from = (unsigned)first;

	for (size_t i = 0; i <= n_keep; i++) {
		bool last = i == n_keep;
		unsigned to = last ? UINT_MAX : (unsigned)keep[i];

		if (!last && (keep[i] < 0 || to < from))
			continue;
		if (last || to > from) {
			if (sys_close_range(from, last ? UINT_MAX : to - 1, 0) < 0) {
				if (!sys_is_refused(errno))
					return err_sys(e, "close descriptors from %u", from);
				if (listfd < 0)
					listfd = open_list(e);
				return listfd < 0
					       ? listfd
					       : each_open_fd(listfd, first, keep, n_keep, true, e);
			}
		}
		from = to + 1;
	}
	return 0;
}

/* Room for the descriptors of one message, aligned for its header. */
union control {
	struct cmsghdr first;
	char space[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
};

/* What a stream socket left over of a message; descriptors went with its first byte. */
static int send_rest(int sock, const char *data, size_t len, struct err *e)
{
	while (len > 0) {
		ssize_t n = send(sock, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "send %zu bytes", len);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds, struct err *e)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	ssize_t n;

	if (len == 0 || n_fds > FD_PASS_MAX)
		return err_set(e, EINVAL, "send %zu bytes with %zu descriptors: out of range", len,
			       n_fds);
	if (n_fds > 0) {
		struct cmsghdr *c = &control.first;

		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "send %zu bytes with %zu descriptors", len, n_fds);
	return send_rest(sock, (const char *)data + n, len - (size_t)n, e);
}

/* Take the descriptors out of a received message. */
static size_t collect_fds(struct msghdr *msg, int fds[FD_PASS_MAX])
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t here;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < here && n < FD_PASS_MAX; i++, n++)
			memcpy(&fds[n], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
	}
	return n;
}

int fd_recv(int sock, void *data, size_t size, int *fds, size_t *n_fds, struct err *e)
{
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	int got[FD_PASS_MAX];
	size_t n_got;
	ssize_t n;

	/* Without room for control data the kernel drops descriptors and sets MSG_CTRUNC. */
	if (fds) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "receive a message");
	n_got = collect_fds(&msg, got);
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (size_t i = 0; i < n_got; i++)
			(void)close(got[i]);
		return err_set(e, EMSGSIZE, "receive a message: it is larger than expected");
	}
	if (fds) {
		memcpy(fds, got, n_got * sizeof(int));
		*n_fds = n_got;
	}
	return (int)n;
}

/*
 * The address of `name` below `dirfd`: a short path as it is, anything else
 * through /proc/self/fd of the directory, which *holdfd keeps open.
 */
static int unix_address(int dirfd, const char *name, struct sockaddr_un *ret, int *holdfd,
			struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	char dir[FD_PATH_SIZE];
	size_t len = strlen(name), dir_len;

	if (len == 0 || *base == '\0')
		return err_set(e, EINVAL, "socket '%s': not the name of a file", name);
	if ((dirfd == AT_FDCWD || name[0] == '/') && len < sizeof(sa.sun_path)) {
		memcpy(sa.sun_path, name, len);
		*ret = sa;
		return 0;
	}
	if (slash || dirfd == AT_FDCWD) {
		autofree char *parent =
			slash ? strndup(name, slash == name ? 1 : (size_t)(slash - name))
			      : strdup(".");

		if (!parent)
			return err_set(e, ENOMEM, "socket '%s': out of memory", name);
		*holdfd = openat(dirfd, parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (*holdfd < 0)
			return err_sys(e, "open '%s'", parent);
		dirfd = *holdfd;
	}
	fd_path(dirfd, dir);
	dir_len = strlen(dir);
	len = strlen(base);
	if (dir_len + 1 + len >= sizeof(sa.sun_path))
		return err_set(e, ENAMETOOLONG, "socket '%s': the name is too long", base);
	memcpy(sa.sun_path, dir, dir_len);
	sa.sun_path[dir_len] = '/';
	memcpy(sa.sun_path + dir_len + 1, base, len);
	*ret = sa;
	return 0;
}

/* A socket, and the address that `name` is for it while *holdfd is open. */
static int unix_socket(int dirfd, const char *name, int type, struct sockaddr_un *ret, int *holdfd,
		       struct err *e)
{
	int r = unix_address(dirfd, name, ret, holdfd, e);
	int sock;

	if (r < 0)
		return r;
	sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	return sock < 0 ? err_sys(e, "make a socket for '%s'", name) : sock;
}

int fd_unix_listen_at(int dirfd, const char *name, int type, mode_t mode, struct err *e)
{
	struct sockaddr_un sa;
	autofd int holdfd = -1;
	autofd int sock = unix_socket(dirfd, name, type, &sa, &holdfd, e);
	int r;

	if (sock < 0)
		return sock;
	/* The file takes the socket's mode less the umask, so it is never more open than asked. */
	if (fchmod(sock, mode) < 0)
		return err_sys(e, "set mode of socket '%s'", name);
	if (bind(sock, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_sys(e, "bind socket '%s'", name);
	if (chmod(sa.sun_path, mode) < 0 || listen(sock, SOMAXCONN) < 0) {
		r = err_sys(e, "listen on socket '%s'", name);
		(void)unlink(sa.sun_path);
		return r;
	}
	return steal_fd(&sock);
}

int fd_unix_connect_at(int dirfd, const char *name, int type, struct err *e)
{
	struct sockaddr_un sa;
	autofd int holdfd = -1;
	autofd int sock = unix_socket(dirfd, name, type, &sa, &holdfd, e);
	int r;

	if (sock < 0)
		return sock;
	do
		r = connect(sock, (const struct sockaddr *)&sa, sizeof(sa));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(e, "connect to socket '%s'", name);
	return steal_fd(&sock);
}
