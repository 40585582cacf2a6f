/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/core/console.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"

/* The runtime sends the terminal's name along, which nobody needs. */
#define CONSOLE_NAME_MAX 4096

int console_listen(struct console *c, int dirfd, unsigned serial, struct err *e)
{
	(void)snprintf(c->name, sizeof(c->name), ".console-%d-%u", (int)getpid(), serial);
	c->listen = fd_unix_listen_at(dirfd, c->name, SOCK_STREAM, 0700, e);
	if (c->listen < 0)
		return c->listen;
	c->dirfd = dirfd;
	return fd_set_nonblock(c->listen, true, e);
}

const char *console_path(const struct console *c, char buf[CONSOLE_PATH_SIZE])
{
	(void)snprintf(buf, CONSOLE_PATH_SIZE, "/proc/%d/fd/%d/%s", (int)getpid(), c->dirfd,
		       c->name);
	return buf;
}

/* Runtimes clear ONLCR on the terminals they make; a person's terminal in raw mode needs it. */
static void set_onlcr(int master)
{
	struct termios attr;

	if (tcgetattr(master, &attr) < 0)
		return;
	attr.c_oflag |= OPOST | ONLCR;
	(void)tcsetattr(master, TCSANOW, &attr);
}

/* Nothing is waited for: a runtime whose call has succeeded has connected and sent. */
static int receive_master(int console, struct err *e)
{
	autofd int conn = accept4(console, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	char name[CONSOLE_NAME_MAX];
	int fds[FD_PASS_MAX];
	size_t n = 0;
	int r;

	if (conn < 0)
		return err_set(e, EPROTO, "the runtime sent no terminal");
	r = fd_recv(conn, name, sizeof(name), fds, &n, e);
	if (r < 0)
		return err_wrap(e, r, "receive the terminal");
	if (n == 1)
		return fds[0];
	while (n > 0)
		(void)close(fds[--n]);
	return err_set(e, EPROTO, "the runtime sent no terminal, or several");
}

int console_receive(struct console *c, struct err *e)
{
	int master = receive_master(c->listen, e);

	console_close(c);
	if (master >= 0)
		set_onlcr(master);
	return master;
}

void console_close(struct console *c)
{
	if (c->listen < 0)
		return;
	(void)unlinkat(c->dirfd, c->name, 0);
	(void)close(c->listen);
	c->listen = -1;
}
