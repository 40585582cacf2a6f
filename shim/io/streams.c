/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/tty.h"

#define NS_PER_MS INT64_C(1000000)

/* ---- The end ---- */

static void unwatch(struct streams_output *o)
{
	loop_remove(o->s->loop, &o->watch_src);
	fd_close(&o->watchfd);
}

static int on_client(struct loop *l UNUSED, struct loop_source *src, uint32_t events,
		     struct err *e);

/* The client gets the end of the output; what it did not fetch stays for it. */
static void leave_output(struct streams_output *o)
{
	struct loop *l = o->s->loop;

	fd_close(&o->to);
	if (o->guard >= 0 && o->fifo)
		o->unread = fifo_leave(steal_fd(&o->guard));
	fd_close(&o->guard);
	if (o->unread < 0)
		return;
	o->watchfd = fifo_watch(o->unread, NULL);
	if (o->watchfd < 0 ||
	    loop_add(l, &o->watch_src, o->watchfd, EPOLLIN, on_client, o, NULL) < 0)
		unwatch(o);
	/* One that was here and went is not expected back. */
	o->awaited = o->watchfd >= 0 && !o->client_seen;
}

static bool copies(const struct streams *s)
{
	return copy_is_running(&s->out[0].copy) || copy_is_running(&s->out[1].copy);
}

static bool waits_for_client(const struct streams *s)
{
	return s->out[0].awaited || s->out[1].awaited;
}

static int on_timer(struct loop *l, struct loop_source *src, uint32_t events, struct err *e);

static bool wait_on(struct streams *s)
{
	if (s->timerfd >= 0)
		return true;
	s->timerfd = loop_timer(NULL);
	return s->timerfd >= 0 &&
	       loop_add(s->loop, &s->timer_src, s->timerfd, EPOLLIN, on_timer, s, NULL) >= 0 &&
	       loop_timer_set(s->timerfd, s->linger_ms * NS_PER_MS, 0, NULL) >= 0;
}

static void leave_outputs(struct streams *s)
{
	s->left = true;
	leave_output(&s->out[0]);
	leave_output(&s->out[1]);
	logger_leave(&s->logger);
}

/* Who comes yet finds what is there, and the end of it, until streams_done(). */
static void give_up(struct streams *s)
{
	s->ended = false; /* the copies' ends are none of progress()'s */
	copy_stop(&s->out[0].copy);
	copy_stop(&s->out[1].copy);
	s->ended = true;
	if (!s->left)
		leave_outputs(s);
	s->out[0].awaited = s->out[1].awaited = false;
}

static void progress(struct streams *s)
{
	if (copies(s) && wait_on(s))
		return;
	if (!copies(s) && !s->left)
		leave_outputs(s);
	if (!copies(s) && waits_for_client(s) && wait_on(s))
		return;
	give_up(s);
	/* It reads what is in its pipes, in the time that it has for that. */
	if (s->logger.pid > 0)
		return;
	loop_remove(s->loop, &s->timer_src);
	fd_close(&s->timerfd);
	s->ended = false;
	s->front->drained(s->ctx);
}

static int on_timer(struct loop *l, struct loop_source *src, uint32_t events UNUSED,
		    struct err *e UNUSED)
{
	struct streams *s = src->ctx;

	loop_remove(l, src);
	give_up(s);
	progress(s);
	return 0;
}

/* Any opening of the FIFO; that for reading is what counts, and it needs the writer no more. */
static int on_client(struct loop *l UNUSED, struct loop_source *src, uint32_t events UNUSED,
		     struct err *e UNUSED)
{
	struct streams_output *o = src->ctx;
	struct streams *s = o->s;

	fifo_watch_again(o->watchfd);
	if (!fifo_has_reader(o->unread))
		return 0;
	unwatch(o);
	fd_close(&o->unread);
	o->awaited = false;
	if (s->ended)
		progress(s);
	return 0;
}

static void on_output_ended(void *ctx)
{
	struct streams_output *o = ctx;

	if (o->s->ended)
		progress(o->s);
}

static void on_input_ended(void *ctx UNUSED)
{
}

void streams_ended(struct streams *s)
{
	copy_stop(&s->input);
	streams_close_input(s);
	fd_close(&s->input_from);
	for (int i = 0; i < 3; i++)
		fd_close(&s->child[i]);
	copy_flush(&s->out[0].copy);
	copy_flush(&s->out[1].copy);
	s->ended = true;
	progress(s);
}

/* ---- The beginning ---- */

static void on_logger_ready(void *ctx, const struct err *why)
{
	struct streams *s = ctx;

	s->front->ready(s->ctx, why);
}

static void on_logger_ended(void *ctx)
{
	struct streams *s = ctx;

	if (s->ended)
		progress(s);
}

void streams_init(struct streams *s, struct loop *loop, const struct streams_front *front,
		  void *ctx)
{
	*s = (struct streams){
		.loop = loop,
		.front = front,
		.ctx = ctx,
		.child = { -1, -1, -1 },
		.keep_in = -1,
		.input_from = -1,
		.master = -1,
		.timerfd = -1,
		.timer_src = { .fd = -1 },
		.linger_ms = STREAMS_LINGER_MS,
	};
	for (int i = 0; i < 2; i++) {
		s->out[i] = (struct streams_output){
			.s = s,
			.guard = -1,
			.to = -1,
			.unread = -1,
			.watchfd = -1,
			.watch_src = { .fd = -1 },
		};
		copy_init(&s->out[i].copy, loop, on_output_ended, &s->out[i]);
	}
	copy_init(&s->input, loop, on_input_ended, s);
	logger_init(&s->logger, loop, on_logger_ready, s);
	s->logger.ended = on_logger_ended;
}

static void output_done(struct streams_output *o)
{
	copy_done(&o->copy);
	unwatch(o);
	fd_close(&o->guard);
	fd_close(&o->to);
	fd_close(&o->unread);
}

void streams_done(struct streams *s)
{
	if (!s->loop)
		return;
	s->ended = false;
	copy_done(&s->input);
	output_done(&s->out[0]);
	output_done(&s->out[1]);
	logger_done(&s->logger);
	loop_remove(s->loop, &s->timer_src);
	fd_close(&s->timerfd);
	fd_close(&s->keep_in);
	fd_close(&s->input_from);
	fd_close(&s->master);
	for (int i = 0; i < 3; i++)
		fd_close(&s->child[i]);
}

void streams_give(struct streams *s, int stdio[3])
{
	for (int i = 0; i < 3; i++)
		stdio[i] = steal_fd(&s->child[i]);
}

/* ---- Terminal ---- */

static int duplicate(int fd, struct err *e)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? err_sys(e, "duplicate the terminal") : copy;
}

/* Each copy has a descriptor of its own, for one cannot be in the loop twice. */
int streams_terminal(struct streams *s, int master, struct err *e)
{
	autofd int in = -1;
	int r;

	s->master = master;
	if (s->rows || s->cols)
		(void)tty_set_size(master, s->rows, s->cols, NULL);
	r = duplicate(master, e);
	if (r < 0)
		return r;
	r = copy_start(&s->out[0].copy, COPY_FROM_TERMINAL, r, steal_fd(&s->out[0].to), e);
	if (r < 0 || s->input_from < 0)
		return r;
	in = duplicate(master, e);
	if (in < 0)
		return in;
	return copy_start(&s->input, COPY_BYTES, steal_fd(&s->input_from), steal_fd(&in), e);
}

int streams_resize(struct streams *s, uint16_t rows, uint16_t cols, struct err *e)
{
	s->rows = rows;
	s->cols = cols;
	return s->master < 0 ? 0 : tty_set_size(s->master, rows, cols, e);
}

void streams_close_input(struct streams *s)
{
	fd_close(&s->keep_in);
}
