/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/terminal.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/fd.h"
#include "libutil/tty.h"

void terminal_init(struct terminal *t, struct loop *loop)
{
	*t = (struct terminal){
		.loop = loop,
		.master = -1,
		.ctlfd = -1,
		.ctl_src = { .fd = -1 },
	};
}

void terminal_done(struct terminal *t)
{
	loop_remove(t->loop, &t->ctl_src);
	fd_close(&t->master);
	fd_close(&t->ctlfd);
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

int terminal_open(struct terminal *t, int dirfd, const char *name, struct err *e)
{
	if (mkfifoat(dirfd, name, 0600) < 0)
		return err_sys(e, "make '%s'", name);
	t->ctlfd = openat(dirfd, name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->ctlfd < 0)
		return err_sys(e, "open '%s'", name);
	return loop_add(t->loop, &t->ctl_src, t->ctlfd, EPOLLIN, on_ctl, t, e);
}

int terminal_use(struct terminal *t, int master, struct err *e)
{
	fd_close(&t->master);
	t->master = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (t->master < 0)
		return err_sys(e, "duplicate the terminal");
	apply_size(t);
	return 0;
}
