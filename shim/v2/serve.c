/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/serve.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "shim/core/memory.h"
#include "shim/v2/task.h"

/* How long the last events and answers may take.  containerd waits three seconds. */
#define GOODBYE_NS INT64_C(2000000000)
/* A shim without a task that nobody speaks with is one that containerd has forgotten, since it died
 * before it knew it. */
#define FORGOTTEN_NS INT64_C(30000000000)

struct serve {
	struct loop loop;
	struct reaper reaper;
	struct publisher publisher;
	struct ttrpc_server rpc;
	struct tasks tasks;
	int timerfd;
	struct loop_source timer_src;
	const char *socket_path; /* ours to remove; NULL: none */
};

/* ---- the services ---- */

#define X(method, request, reply)                                                                  \
	{ #method, &msg_##request##_message, &msg_##reply##_message, task_serve_##method },
static const struct ttrpc_method methods[] = { MSG_TASK_METHODS(X) };
#undef X

static const struct ttrpc_service services[] = {
	{ MSG_TASK_V2, methods, ARRAY_LEN(methods) },
	{ MSG_TASK_V3, methods, ARRAY_LEN(methods) },
};

/* ---- the end ---- */

static void end_if_all_is_said(struct serve *s)
{
	if (s->tasks.closed && publisher_is_empty(&s->publisher) &&
	    ttrpc_server_is_flushed(&s->rpc))
		loop_stop(&s->loop, 0);
}

/* Whoever starts a shim of this name from now on gets one of its own: by then the name may be
 * theirs, so it is removed once. */
static void leave_socket(void *ctx)
{
	struct serve *s = ctx;

	if (s->socket_path)
		(void)unlink(s->socket_path);
	s->socket_path = NULL;
	ttrpc_server_deaf(&s->rpc);
}

/* What is said last may need the loop, but not for ever. */
static void begin_end(void *ctx)
{
	struct serve *s = ctx;

	s->tasks.closed = true;
	leave_socket(s);
	end_if_all_is_said(s);
	if (!s->loop.stop && loop_timer_set(s->timerfd, GOODBYE_NS, 0, NULL) < 0)
		loop_stop(&s->loop, 0);
}

static void note_whether_forgotten(void *ctx)
{
	struct serve *s = ctx;

	if (!s->tasks.closed && !s->tasks.first && s->rpc.n_conns == 0)
		(void)loop_timer_set(s->timerfd, FORGOTTEN_NS, 0, NULL);
}

static int on_timer(struct loop *l, struct loop_source *src, uint32_t events UNUSED,
		    struct err *e UNUSED)
{
	struct serve *s = src->ctx;
	uint64_t ticks;

	if (read(s->timerfd, &ticks, sizeof(ticks)) < 0)
		return 0;
	if (s->tasks.closed)
		loop_stop(l, 0);
	else if (!publisher_is_empty(&s->publisher))
		note_whether_forgotten(s);
	else if (!s->tasks.first && s->rpc.n_conns == 0)
		begin_end(s);
	return 0;
}

static void on_emptied(void *ctx)
{
	end_if_all_is_said(ctx);
}

static void on_signal(void *ctx, int sig)
{
	struct serve *s = ctx;

	if (sig == SIGUSR1)
		tasks_dump(&s->tasks);
	else
		begin_end(s);
}

/* containerd may have been away. */
static void on_connected(void *ctx)
{
	struct serve *s = ctx;

	if (!s->tasks.closed)
		(void)loop_timer_set(s->timerfd, 0, 0, NULL);
	publisher_kick(&s->publisher);
}

/* The server's context is the tasks'. */
static void pass_connected(void *tasks)
{
	struct tasks *all = tasks;

	all->connected(all->ctx);
}

static void pass_left(void *tasks)
{
	struct tasks *all = tasks;

	all->left(all->ctx);
}

/* ---- the beginning ---- */

static int open_timer(struct serve *s, struct err *e)
{
	s->timerfd = loop_timer(e);
	return s->timerfd < 0
		       ? s->timerfd
		       : loop_add(&s->loop, &s->timer_src, s->timerfd, EPOLLIN, on_timer, s, e);
}

/* A pod has many processes, of which each has some descriptors here.  Containers get the limit that
 * we were given: programs walk all descriptors that there may be.  Returns that; 0: nothing was
 * changed. */
static rlim_t raise_nofile(void)
{
	struct rlimit lim;
	rlim_t given;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return 0;
	given = lim.rlim_cur;
	lim.rlim_cur = lim.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &lim) < 0 ? 0 : given;
}

static int open_all(struct serve *s, const struct v2_serve *args, int listenfd, struct err *e)
{
	struct publish_target target = {
		.namespace_name = args->namespace_name,
		.ttrpc_address = args->ttrpc_address,
		.grpc_address = args->grpc_address,
		.binary = args->publish_binary,
	};
	int r = reaper_init(&s->reaper, &s->loop, on_signal, s, e);

	s->reaper.nofile = raise_nofile();
	publisher_init(&s->publisher, &s->reaper, &target);
	s->publisher.emptied = on_emptied;
	s->publisher.ctx = s;
	s->tasks = (struct tasks){
		.loop = &s->loop,
		.reaper = &s->reaper,
		.publisher = &s->publisher,
		.namespace_name = args->namespace_name,
		.leave_name = leave_socket,
		.shutdown = begin_end,
		.emptied = note_whether_forgotten,
		.connected = on_connected,
		.left = note_whether_forgotten,
		.ctx = s,
	};
	if (r >= 0)
		r = open_timer(s, e);
	if (r < 0) {
		(void)close(listenfd);
		return r;
	}
	r = ttrpc_server_init(&s->rpc, &s->loop, listenfd, services, ARRAY_LEN(services), &s->tasks,
			      e);
	s->rpc.connected = pass_connected;
	s->rpc.left = pass_left;
	note_whether_forgotten(s);
	return r;
}

/* Callers first: they are not to hear of tasks that go because we go. */
static void close_all(struct serve *s)
{
	ttrpc_server_done(&s->rpc);
	tasks_done(&s->tasks);
	publisher_done(&s->publisher);
	loop_remove(&s->loop, &s->timer_src);
	if (s->timerfd >= 0)
		(void)close(s->timerfd);
	reaper_done(&s->reaper);
	loop_done(&s->loop);
}

int v2_serve(const struct v2_serve *args, struct err *e)
{
	struct serve s = {
		.timerfd = -1,
		.timer_src = { .fd = -1 },
		.socket_path = args->socket_path,
		.rpc = { .listenfd = -1, .timerfd = -1 },
		.reaper = { .signalfd = -1, .signal_src = { .fd = -1 } },
	};
	int r = loop_init(&s.loop, e);

	memory_frugal_done();
	if (r < 0) {
		(void)close(args->listenfd);
		return r;
	}
	r = open_all(&s, args, args->listenfd, e);
	if (r >= 0) {
		memory_give_back();
		r = loop_run(&s.loop, e);
	}
	leave_socket(&s);
	close_all(&s);
	return r;
}
