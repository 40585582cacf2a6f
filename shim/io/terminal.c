/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/tty.h"
#include "shim/record/record.h"

/* The runtime sends the terminal's name along, which nobody needs. */
#define CONSOLE_NAME_MAX 4096

void terminal_init(struct terminal *t, struct loop *loop)
{
	*t = (struct terminal){
		.loop = loop,
		.console = -1,
		.master = -1,
		.ctlfd = -1,
		.ctl_src = { .fd = -1 },
	};
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void terminal_done(struct terminal *t)
{
	loop_remove(t->loop, &t->ctl_src);
	close_fd(&t->console);
	close_fd(&t->master);
	close_fd(&t->ctlfd);
}

static void apply_size(struct terminal *t)
{
	if (t->master >= 0 && (t->size.rows || t->size.cols))
		(void)tty_set_size(t->master, t->size.rows, t->size.cols, NULL);
}

static int on_ctl(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		  struct err *e UNUSED)
{
	struct terminal *t = s->ctx;
	char buf[256];
	ssize_t n = read(t->ctlfd, buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++)
		if (ctl_feed(&t->ctl, buf[i], &t->size))
			apply_size(t);
	return 0;
}

int terminal_open(struct terminal *t, int dirfd, struct err *e)
{
	t->console = fd_unix_listen_at(dirfd, RECORD_CONSOLE, SOCK_STREAM, 0700, e);
	if (t->console < 0)
		return t->console;
	if (mkfifoat(dirfd, RECORD_CTL, 0600) < 0)
		return err_sys(e, "make '%s'", RECORD_CTL);
	t->ctlfd = openat(dirfd, RECORD_CTL, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->ctlfd < 0)
		return err_sys(e, "open '%s'", RECORD_CTL);
	return loop_add(t->loop, &t->ctl_src, t->ctlfd, EPOLLIN, on_ctl, t, e);
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

/* Nothing is waited for: a runtime whose create has succeeded has connected and sent. */
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

int terminal_receive(struct terminal *t, int dirfd, struct err *e)
{
	autofd int fd = receive_master(t->console, e);

	if (fd < 0)
		return fd;
	close_fd(&t->console);
	(void)unlinkat(dirfd, RECORD_CONSOLE, 0);
	set_onlcr(fd);
	t->master = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (t->master < 0)
		return err_sys(e, "duplicate the terminal");
	apply_size(t);
	return steal_fd(&fd);
}
