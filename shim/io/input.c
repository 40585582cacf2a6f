/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/fd.h"

void input_init(struct input *in, struct loop *loop)
{
	*in = (struct input){ .loop = loop, .fd = -1, .src = { .fd = -1 } };
}

static void drop_held(struct input *in)
{
	loop_remove(in->loop, &in->src);
	free(in->held);
	in->held = NULL;
	in->len = in->done = 0;
}

static void close_now(struct input *in)
{
	drop_held(in);
	if (in->fd >= 0)
		(void)close(in->fd);
	in->fd = -1;
}

void input_done(struct input *in)
{
	close_now(in);
}

int input_open(struct input *in, int fd, struct err *e)
{
	int r;

	in->fd = fd;
	r = fd_set_nonblock(fd, true, e);
	if (r < 0 || !in->awaited)
		return r;
	in->awaited = false;
	in->ready(in->ctx, true);
	return 0;
}

bool input_is_ready(const struct input *in)
{
	return !in->held && !in->awaited;
}

/* Returns the bytes written; a reader that has gone away takes everything. */
static size_t write_some(struct input *in, const char *data, size_t len)
{
	ssize_t n = write(in->fd, data, len);

	if (n >= 0)
		return (size_t)n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	close_now(in);
	return len;
}

static void all_written(struct input *in)
{
	drop_held(in);
	if (in->close_after)
		close_now(in);
	in->ready(in->ctx, true);
}

static int on_writable(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		       struct err *e UNUSED)
{
	struct input *in = s->ctx;
	size_t n = write_some(in, in->held + in->done, in->len - in->done);

	in->done += n;
	if (!in->held || in->done == in->len)
		all_written(in);
	return 0;
}

static void hold(struct input *in, const char *data, size_t len)
{
	in->held = xcalloc(1, len);
	memcpy(in->held, data, len);
	in->len = len;
	in->done = 0;
	if (loop_add(in->loop, &in->src, in->fd, EPOLLOUT, on_writable, in, NULL) < 0) {
		/* Cannot be waited for: better no input than a wait for ever. */
		close_now(in);
		return;
	}
	in->ready(in->ctx, false);
}

void input_write(struct input *in, const char *data, size_t len)
{
	size_t n;

	if (in->fd < 0)
		return;
	n = write_some(in, data, len);
	if (n < len)
		hold(in, data + n, len - n);
}

void input_close(struct input *in)
{
	if (in->held)
		in->close_after = true;
	else
		close_now(in);
}
