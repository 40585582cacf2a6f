/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/creation/notify_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "libutil/fd.h"
#include "runtime/container/store.h"

/* One datagram of the protocol; systemd's own limit. */
#define NOTIFY_MESSAGE_MAX 4096

static int bind_in(int dirfd, struct err *e)
{
	autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char dir[FD_PATH_SIZE];

	if (fd < 0)
		return err_sys(e, "make a notification socket");
	(void)unlinkat(dirfd, NOTIFY_SOCKET_NAME, 0);
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/" NOTIFY_SOCKET_NAME,
		       fd_path(dirfd, dir));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_sys(e, "bind notification socket '%s'", sa.sun_path);
	/* The container's processes have other ids; the directory's path is open to them alone. */
	if (chmod(sa.sun_path, 0777) < 0)
		return err_sys(e, "chmod notification socket '%s'", sa.sun_path);
	return steal_fd(&fd);
}

int notify_socket_open(struct notify_socket *n, int dirfd, struct err *e)
{
	autofd int sub = -1;

	if (!getenv("NOTIFY_SOCKET"))
		return 0;
	sub = openat(dirfd, STORE_NOTIFY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sub < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open '" STORE_NOTIFY "'");
	n->fd = bind_in(sub, e);
	return n->fd < 0 ? n->fd : 0;
}

/* "@name" is systemd's spelling of an abstract socket. */
static int send_to_host(const char *text, struct err *e)
{
	const char *path = getenv("NOTIFY_SOCKET");
	autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;

	if (fd < 0)
		return err_sys(e, "make a notification socket");
	if (len == 0 || len >= sizeof(sa.sun_path))
		return err_set(e, EINVAL, "NOTIFY_SOCKET is no usable address");
	memcpy(sa.sun_path, path, len);
	if (sa.sun_path[0] == '@')
		sa.sun_path[0] = '\0';
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&sa,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return err_sys(e, "notify '%s'", path);
	return 0;
}

static bool says_ready(const char *message)
{
	const char *at = message;

	while (at && !starts_with(at, "READY=1")) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at && (at[7] == '\0' || at[7] == '\n');
}

/* 1 when the message was READY. */
static int receive(int fd, struct err *e)
{
	char message[NOTIFY_MESSAGE_MAX + 1];
	ssize_t n = recv(fd, message, NOTIFY_MESSAGE_MAX, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : err_sys(e, "receive a notification");
	message[n] = '\0';
	return says_ready(message);
}

int notify_socket_forward(const struct notify_socket *n, int pidfd, pid_t pid, struct err *e)
{
	struct pollfd fds[] = { { .fd = n->fd, .events = POLLIN },
				{ .fd = pidfd, .events = POLLIN } };
	char text[64];
	int r = 0;

	if (n->fd < 0 || pidfd < 0)
		return 0;
	while (r == 0) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return err_sys(e, "wait for READY");
		if (fds[0].revents)
			r = receive(n->fd, e);
		else if (fds[1].revents)
			return 0; /* it ended without a word */
	}
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1", (int)pid);
	return send_to_host(text, e);
}

void notify_socket_done(struct notify_socket *n)
{
	close_at_exit(&n->fd);
	n->fd = -1;
}
