/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/control.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#define CTL_NAME   "ctl"
#define WINSZ_NAME "winsz"
#define FIFO_MODE  0660

static void init_fifo(struct control_fifo *f, struct control *all, bool sizes_only)
{
	*f = (struct control_fifo){
		.all = all,
		.fd = -1,
		.src = { .fd = -1 },
		.sizes_only = sizes_only,
	};
}

void control_init(struct control *c, struct loop *loop)
{
	*c = (struct control){ .loop = loop };
	init_fifo(&c->ctl, c, false);
	init_fifo(&c->winsz, c, true);
}

static void close_fifo(struct control_fifo *f)
{
	loop_remove(f->all->loop, &f->src);
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
}

void control_done(struct control *c)
{
	close_fifo(&c->ctl);
	close_fifo(&c->winsz);
}

static void take_byte(struct control_fifo *f, char byte)
{
	struct control *c = f->all;
	struct ctl_size size = { 0 };

	switch (ctl_take(&f->ctl, byte, &size)) {
	case CTL_NOTHING:
		break;
	case CTL_RESIZE:
		if (size.rows <= CONTROL_SIZE_MAX && size.cols <= CONTROL_SIZE_MAX)
			c->resize(c->ctx, size);
		break;
	case CTL_REOPEN:
		c->reopen(c->ctx);
		break;
	}
}

static int on_line(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		   struct err *e UNUSED)
{
	struct control_fifo *f = s->ctx;
	char buf[256];
	ssize_t n = read(f->fd, buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++) {
		/* A line of winsz is the rest of one of ctl. */
		if (f->sizes_only && f->ctl.len == 0 && !f->ctl.too_long) {
			take_byte(f, '1');
			take_byte(f, ' ');
		}
		take_byte(f, buf[i]);
	}
	return 0;
}

static int open_fifo(struct control_fifo *f, int bundlefd, const char *name, struct err *e)
{
	if (unlinkat(bundlefd, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "replace '%s'", name);
	if (mkfifoat(bundlefd, name, FIFO_MODE) < 0)
		return err_sys(e, "make the FIFO '%s'", name);
	f->fd = openat(bundlefd, name, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (f->fd < 0)
		return err_sys(e, "open '%s'", name);
	return loop_add(f->all->loop, &f->src, f->fd, EPOLLIN, on_line, f, e);
}

int control_open(struct control *c, int bundlefd, struct err *e)
{
	int r = open_fifo(&c->ctl, bundlefd, CTL_NAME, e);

	return r < 0 ? r : open_fifo(&c->winsz, bundlefd, WINSZ_NAME, e);
}
