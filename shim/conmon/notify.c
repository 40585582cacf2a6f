/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/fd.h"
#include "libutil/path.h"
#include "shim/conmon/notify_filter.h"

#define NOTIFY_DIR  "notify"
#define NOTIFY_SOCK "notify.sock"
/* The container's processes run as any user. */
#define NOTIFY_MODE 0777

/* systemd takes 4096 bytes of a message; what is longer is cut. */
#define MESSAGE_MAX 4096
/* Messages taken in one turn: one who floods us does not keep output from flowing. */
#define TURN_MAX 16

void notify_init(struct notify *n, struct loop *loop)
{
	*n = (struct notify){ .loop = loop, .src = { .fd = -1 }, .fd = -1, .host = -1 };
}

void notify_done(struct notify *n)
{
	loop_remove(n->loop, &n->src);
	if (n->fd >= 0)
		(void)close(n->fd);
	if (n->host >= 0)
		(void)close(n->host);
	n->fd = -1;
	n->host = -1;
}

/* Returns false when nothing waits. */
static bool pass_one(struct notify *n)
{
	char text[MESSAGE_MAX];
	ssize_t len = recv(n->fd, text, sizeof(text), MSG_DONTWAIT);
	size_t kept;

	if (len < 0)
		return false;
	kept = notify_filter(text, (size_t)len);
	/* Nobody is waited for: a service manager that does not read misses the message, as it
	 * would any other's that does not block. */
	if (kept > 0)
		(void)sendto(n->host, text, kept, MSG_DONTWAIT | MSG_NOSIGNAL,
			     (const struct sockaddr *)&n->to, n->to_len);
	return true;
}

void notify_drain(struct notify *n)
{
	for (int i = 0; n->fd >= 0 && i < TURN_MAX && pass_one(n); i++)
		;
}

static int on_message(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		      struct err *e UNUSED)
{
	notify_drain(s->ctx);
	return 0;
}

static int bind_at(int dirfd, struct err *e)
{
	autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (fd < 0)
		return err_sys(e, "make a socket");
	if (unlinkat(dirfd, NOTIFY_SOCK, 0) < 0 && errno != ENOENT)
		return err_sys(e, "replace '%s'", NOTIFY_SOCK);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/" NOTIFY_SOCK, dirfd);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return err_sys(e, "bind '%s'", NOTIFY_SOCK);
	if (fchmodat(dirfd, NOTIFY_SOCK, NOTIFY_MODE, 0) < 0)
		return err_sys(e, "change the mode of '%s'", NOTIFY_SOCK);
	return steal_fd(&fd);
}

static int set_host(struct notify *n, const char *host, struct err *e)
{
	size_t len = strlen(host);

	if (len >= sizeof(n->to.sun_path))
		return err_set(e, ENAMETOOLONG, "notify socket '%s'", host);
	n->to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(n->to.sun_path, host, len);
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	/* A name without a file; it has no NUL at its end. */
	if (host[0] == '@')
		n->to.sun_path[0] = '\0';
	else
		n->to_len++;
	n->host = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return n->host < 0 ? err_sys(e, "make a socket") : 0;
}

int notify_open(struct notify *n, const char *bundle, const char *host, struct err *e)
{
	autofree char *path = path_join(bundle, NOTIFY_DIR);
	autofd int dirfd = dir_open_at(AT_FDCWD, path, e);
	int r;

	if (dirfd < 0)
		return err_wrap(e, dirfd, "sd_notify");
	r = set_host(n, host, e);
	if (r >= 0)
		r = n->fd = bind_at(dirfd, e);
	if (r < 0)
		return err_wrap(e, r, "sd_notify");
	return loop_add(n->loop, &n->src, n->fd, EPOLLIN, on_message, n, e);
}
