/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/output.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libutil/fd.h"

/* /proc/sys/fs/pipe-max-size: the most that can be waiting in a pipe. */
#define DRAIN_MAX ((size_t)1 << 20)
/* What stays in memory of the buffer while nothing happens. */
#define KEEP_TOUCHED ((size_t)4 << 10)
/* So little that nobody needs much memory for it. */
#define LITTLE   ((size_t)512)
#define QUIET_MS 1000

int output_init(struct output *o, struct loop *loop, struct err *e)
{
	void *buffer = mmap(NULL, OUTPUT_BUFFER, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		return err_sys(e, "allocate the output buffer");
	*o = (struct output){ .loop = loop, .buffer = buffer };
	for (int i = 0; i < 2; i++) {
		o->stream[i].out = o;
		o->stream[i].fd = -1;
		o->stream[i].src.fd = -1;
	}
	return 0;
}

static void close_stream(struct output_stream *s)
{
	if (s->fd < 0)
		return;
	loop_remove(s->out->loop, &s->src);
	(void)close(s->fd);
	s->fd = -1;
}

void output_close(struct output *o)
{
	close_stream(&o->stream[0]);
	close_stream(&o->stream[1]);
}

void output_reset(struct output *o)
{
	output_close(o);
	o->terminal = o->init_gone = false;
}

void output_done(struct output *o)
{
	if (!o->buffer)
		return;
	output_close(o);
	if (o->touched)
		loop_when_quiet(o->loop, 0, NULL, NULL);
	(void)munmap(o->buffer, OUTPUT_BUFFER);
	o->buffer = NULL;
}

bool output_at_end(const struct output *o)
{
	return o->stream[0].fd < 0 && o->stream[1].fd < 0;
}

/* An idle supervisor holds one page of the buffer; while output pours, giving back would only make
 * work. */
static void on_quiet(void *ctx)
{
	struct output *o = ctx;

	(void)madvise(o->buffer + KEEP_TOUCHED, OUTPUT_BUFFER - KEEP_TOUCHED, MADV_DONTNEED);
	o->touched = false;
	if (o->quiet)
		o->quiet(o->ctx);
}

static void note_touched(struct output *o, size_t n)
{
	if (o->touched || n <= LITTLE)
		return;
	o->touched = true;
	loop_when_quiet(o->loop, QUIET_MS, on_quiet, o);
}

/* EIO on a terminal means that no process has it open.  While the container lives, one may open it
 * again
 * (/dev/console): that is no end. */
static bool is_end(const struct output *o, ssize_t n, int error)
{
	if (n == 0)
		return true;
	if (error == EAGAIN || error == EINTR)
		return false;
	return !o->terminal || o->init_gone;
}

/* One read.  Returns the bytes, 0 when there is nothing now or no more at all. */
static size_t take(struct output_stream *s)
{
	struct output *o = s->out;
	ssize_t n = read(s->fd, o->buffer, OUTPUT_BUFFER);

	if (n > 0) {
		o->sink(o->ctx, s->tag, o->buffer, (size_t)n);
		note_touched(o, (size_t)n);
		return (size_t)n;
	}
	if (is_end(o, n, errno))
		close_stream(s);
	return 0;
}

static int on_pipe(struct loop *l UNUSED, struct loop_source *src, uint32_t events UNUSED,
		   struct err *e UNUSED)
{
	struct output_stream *s = src->ctx;
	struct output *o = s->out;

	(void)take(s);
	if (output_at_end(o))
		o->ended(o->ctx);
	return 0;
}

/* A terminal is watched edge-triggered, for its hang-up stays for as long as nobody has it open.
 * One read a turn all the same, so that input gets through while output pours: arming anew makes
 * the next edge. */
static int on_terminal(struct loop *l, struct loop_source *src, uint32_t events UNUSED,
		       struct err *e)
{
	struct output_stream *s = src->ctx;
	struct output *o = s->out;

	if (take(s) > 0)
		return o->paused ? 0 : loop_modify(l, src, EPOLLIN | EPOLLET, e);
	if (output_at_end(o))
		o->ended(o->ctx);
	return 0;
}

/* A hang-up is told whatever is asked for, so a stream that is paused is in no loop. */
static int watch(struct output_stream *s, struct err *e)
{
	struct output *o = s->out;

	if (o->paused)
		return 0;
	if (o->terminal && s->tag == STREAM_STDOUT)
		return loop_add(o->loop, &s->src, s->fd, EPOLLIN | EPOLLET, on_terminal, s, e);
	return loop_add(o->loop, &s->src, s->fd, EPOLLIN, on_pipe, s, e);
}

static int add(struct output *o, enum stream tag, int fd, struct err *e)
{
	struct output_stream *s = &o->stream[tag == STREAM_STDERR];
	int r;

	s->fd = fd;
	s->tag = tag;
	r = fd_set_nonblock(fd, true, e);
	return r < 0 ? r : watch(s, e);
}

int output_add_pipe(struct output *o, enum stream tag, int fd, struct err *e)
{
	return add(o, tag, fd, e);
}

int output_add_terminal(struct output *o, int fd, struct err *e)
{
	o->terminal = true;
	return add(o, STREAM_STDOUT, fd, e);
}

void output_pause(struct output *o)
{
	o->paused = true;
	for (int i = 0; i < 2; i++)
		loop_remove(o->loop, &o->stream[i].src);
}

int output_resume(struct output *o, struct err *e)
{
	int r = 0;

	if (!o->paused)
		return 0;
	o->paused = false;
	for (int i = 0; i < 2 && r >= 0; i++)
		if (o->stream[i].fd >= 0)
			r = watch(&o->stream[i], e);
	return r;
}

void output_drain(struct output *o)
{
	for (int i = 0; i < 2; i++) {
		struct output_stream *s = &o->stream[i];
		size_t total = 0, n = 1;

		while (s->fd >= 0 && n > 0 && total < DRAIN_MAX) {
			n = take(s);
			total += n;
		}
	}
}
