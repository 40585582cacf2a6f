/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/fd.h"

#define SPLICE_MAX   ((size_t)1 << 20) /* the most a pipe holds */
#define BYTES_MAX    4096              /* a pipe that is writable takes that many at once */
#define TERMINAL_MAX (256 << 10)       /* more than waits in one to be read */
#define ROUNDS       4                 /* other descriptors get their turn */

enum step {
	STEP_MOVED,
	STEP_EMPTY,   /* nothing to read now */
	STEP_BLOCKED, /* nothing can be written now */
	STEP_END,
};

void copy_init(struct copy *c, struct loop *loop, void (*ended)(void *ctx), void *ctx)
{
	*c = (struct copy){
		.loop = loop,
		.from = -1,
		.to = -1,
		.from_src = { .fd = -1 },
		.to_src = { .fd = -1 },
		.ended = ended,
		.ctx = ctx,
	};
}

void copy_done(struct copy *c)
{
	if (!c->loop)
		return;
	loop_remove(c->loop, &c->from_src);
	loop_remove(c->loop, &c->to_src);
	fd_close(&c->from);
	fd_close(&c->to);
	free(c->held);
	c->held = NULL;
	c->len = c->done = 0;
}

void copy_stop(struct copy *c)
{
	if (!copy_is_running(c))
		return;
	copy_done(c);
	c->ended(c->ctx);
}

static bool can_write(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) > 0;
}

static enum step splice_some(struct copy *c)
{
	ssize_t n =
		splice(c->from, NULL, c->to, NULL, SPLICE_MAX, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n > 0)
		return STEP_MOVED;
	if (n == 0)
		return STEP_END;
	if (errno == EINTR)
		return STEP_MOVED;
	if (errno != EAGAIN)
		return STEP_END;
	/* It does not say which of the two is not ready. */
	return can_write(c->to) ? STEP_EMPTY : STEP_BLOCKED;
}

/* EIO on a terminal means that no process has it open now. */
static enum step read_failed(const struct copy *c, ssize_t n)
{
	if (n == 0)
		return STEP_END;
	if (errno == EINTR)
		return STEP_MOVED;
	if (errno == EAGAIN)
		return STEP_EMPTY;
	return c->way == COPY_FROM_TERMINAL && !c->last ? STEP_EMPTY : STEP_END;
}

static void hold(struct copy *c, const char *data, size_t len)
{
	c->held = xcalloc(1, len);
	memcpy(c->held, data, len);
	c->len = len;
	c->done = 0;
}

/* A write that failed for good means that nobody reads: the source is read on for a terminal, whose
 * program must not wait for ever. */
static enum step write_failed(const struct copy *c)
{
	if (errno == EAGAIN || errno == EINTR)
		return STEP_BLOCKED;
	return c->way == COPY_FROM_TERMINAL ? STEP_MOVED : STEP_END;
}

static enum step write_held(struct copy *c)
{
	ssize_t n = write(c->to, c->held + c->done, c->len - c->done);

	if (n < 0 && write_failed(c) != STEP_MOVED)
		return write_failed(c);
	c->done += n < 0 ? c->len - c->done : (size_t)n;
	if (c->done < c->len)
		return STEP_BLOCKED;
	free(c->held);
	c->held = NULL;
	return STEP_MOVED;
}

static enum step bytes_some(struct copy *c)
{
	char buf[BYTES_MAX];
	ssize_t n, w;

	if (c->held)
		return write_held(c);
	if (!can_write(c->to))
		return STEP_BLOCKED;
	n = read(c->from, buf, sizeof(buf));
	if (n <= 0)
		return read_failed(c, n);
	w = write(c->to, buf, (size_t)n);
	if (w == n)
		return STEP_MOVED;
	if (w < 0 && write_failed(c) != STEP_BLOCKED)
		return write_failed(c);
	w = w < 0 ? 0 : w;
	hold(c, buf + w, (size_t)(n - w));
	return STEP_BLOCKED;
}

static enum step some(struct copy *c)
{
	return c->way == COPY_SPLICE ? splice_some(c) : bytes_some(c);
}

static int on_from(struct loop *l, struct loop_source *s, uint32_t events, struct err *e);

/* A terminal is watched edge-triggered: its hang-up stays while nobody has it open. */
static uint32_t from_events(const struct copy *c)
{
	return c->way == COPY_FROM_TERMINAL ? EPOLLIN | EPOLLET : EPOLLIN;
}

static int on_to(struct loop *l, struct loop_source *s, uint32_t events UNUSED, struct err *e)
{
	struct copy *c = s->ctx;
	enum step step = some(c);

	if (step == STEP_BLOCKED)
		return 0;
	if (step == STEP_END) {
		copy_stop(c);
		return 0;
	}
	loop_remove(l, s);
	return loop_add(l, &c->from_src, c->from, from_events(c), on_from, c, e);
}

static int wait_for_reader(struct copy *c, struct err *e)
{
	loop_remove(c->loop, &c->from_src);
	return loop_add(c->loop, &c->to_src, c->to, EPOLLOUT, on_to, c, e);
}

static int on_from(struct loop *l, struct loop_source *s, uint32_t events UNUSED, struct err *e)
{
	struct copy *c = s->ctx;
	enum step step = STEP_MOVED;

	for (int i = 0; i < ROUNDS && step == STEP_MOVED; i++)
		step = some(c);
	if (step == STEP_END)
		copy_stop(c);
	else if (step == STEP_BLOCKED)
		return wait_for_reader(c, e);
	else if (step == STEP_MOVED && c->way == COPY_FROM_TERMINAL)
		return loop_modify(l, s, from_events(c), e); /* makes the next edge */
	return 0;
}

int copy_start(struct copy *c, enum copy_way way, int from, int to, struct err *e)
{
	int r;

	c->way = way;
	c->from = from;
	c->to = to;
	r = fd_set_nonblock(from, true, e);
	if (r >= 0)
		r = fd_set_nonblock(to, true, e);
	if (r >= 0)
		r = loop_add(c->loop, &c->from_src, from, from_events(c), on_from, c, e);
	if (r < 0)
		copy_done(c);
	return r;
}

/* Both pipes' contents fit into one as large as the two, for splice(2) hands over whole buffers; it
 * tells of the end only while there is room for more.  A terminal holds less than its estimate. */
static bool enlarge(const struct copy *c)
{
	int from = c->way == COPY_FROM_TERMINAL ? TERMINAL_MAX : fcntl(c->from, F_GETPIPE_SZ);
	int to = fcntl(c->to, F_GETPIPE_SZ);

	return from > 0 && to > 0 && fcntl(c->to, F_SETPIPE_SZ, from + to + BYTES_MAX) > 0;
}

/* No more can be there than what a pipe holds, or else somebody still writes. */
void copy_flush(struct copy *c)
{
	bool enlarged = false;
	enum step step = STEP_MOVED;

	if (!copy_is_running(c))
		return;
	c->last = true;
	/* What it holds may come by and by. */
	if (c->way == COPY_FROM_TERMINAL)
		enlarged = enlarge(c);
	for (size_t left = SPLICE_MAX / BYTES_MAX; left > 0 && step == STEP_MOVED; left--) {
		step = some(c);
		if (step == STEP_BLOCKED && !enlarged) {
			enlarged = true;
			step = enlarge(c) ? STEP_MOVED : STEP_BLOCKED;
		}
	}
	if (step == STEP_END)
		copy_stop(c);
	else if (step == STEP_BLOCKED && c->to_src.fd < 0 && wait_for_reader(c, NULL) < 0)
		copy_stop(c);
}
