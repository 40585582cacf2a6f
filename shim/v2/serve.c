/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/serve.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "shim/core/memory.h"
#include "shim/v2/task.h"

/* How long the last events and answers may take.  containerd waits three seconds. */
#define GOODBYE_NS INT64_C(2000000000)

struct serve {
	struct loop loop;
	struct reaper reaper;
	struct publisher publisher;
	struct ttrpc_server rpc;
	struct tasks tasks;
	int timerfd; /* -1 until the end */
	struct loop_source timer_src;
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

static int on_goodbye(struct loop *l, struct loop_source *src UNUSED, uint32_t events UNUSED,
		      struct err *e UNUSED)
{
	loop_stop(l, 0);
	return 0;
}

static void end_if_all_is_said(struct serve *s)
{
	if (s->tasks.closed && publisher_is_empty(&s->publisher) &&
	    ttrpc_server_is_flushed(&s->rpc))
		loop_stop(&s->loop, 0);
}

/* What is said last may need the loop, but not for ever. */
static void begin_end(void *ctx)
{
	struct serve *s = ctx;

	s->tasks.closed = true;
	end_if_all_is_said(s);
	if (s->loop.stop || s->timerfd >= 0)
		return;
	s->timerfd = loop_timer(NULL);
	if (s->timerfd < 0 ||
	    loop_add(&s->loop, &s->timer_src, s->timerfd, EPOLLIN, on_goodbye, s, NULL) < 0 ||
	    loop_timer_set(s->timerfd, GOODBYE_NS, 0, NULL) < 0)
		loop_stop(&s->loop, 0);
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
static void on_connected(void *tasks)
{
	publisher_kick(((struct tasks *)tasks)->publisher);
}

/* ---- the beginning ---- */

static int open_all(struct serve *s, const struct v2_serve *args, int listenfd, struct err *e)
{
	struct publish_target target = {
		.namespace_name = args->namespace_name,
		.ttrpc_address = args->ttrpc_address,
		.grpc_address = args->grpc_address,
		.binary = args->publish_binary,
	};
	int r = reaper_init(&s->reaper, &s->loop, on_signal, s, e);

	publisher_init(&s->publisher, &s->reaper, &target);
	s->publisher.emptied = on_emptied;
	s->publisher.ctx = s;
	s->tasks = (struct tasks){
		.loop = &s->loop,
		.reaper = &s->reaper,
		.publisher = &s->publisher,
		.namespace_name = args->namespace_name,
		.shutdown = begin_end,
		.ctx = s,
	};
	if (r < 0) {
		(void)close(listenfd);
		return r;
	}
	r = ttrpc_server_init(&s->rpc, &s->loop, listenfd, services, ARRAY_LEN(services), &s->tasks,
			      e);
	s->rpc.connected = on_connected;
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
	if (args->socket_path)
		(void)unlink(args->socket_path);
	close_all(&s);
	return r;
}
