/* SPDX-License-Identifier: Apache-2.0 */
/* Setting up, what happens outside the process, and the loop. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libutil/dir.h"
#include "libutil/sig.h"
#include "shim/conmon/conmon.h"
#include "shim/conmon/exit_files.h"
#include "shim/conmon/place.h"
#include "shim/conmon/say.h"

/* ---- events ---- */

static void on_caught_up(void *ctx)
{
	conmon_post(ctx, LIFE_EV_CAUGHT_UP);
}

static void on_oom(void *ctx)
{
	struct conmon *c = ctx;
	struct err e = { 0 };

	if (exit_files_oom(&c->o, &e) < 0)
		say(&c->o, LOG_LEVEL_ERROR, true, e.msg);
}

static void on_resize(void *ctx, struct ctl_size size)
{
	traffic_resize(&((struct conmon *)ctx)->traffic, size);
}

static void on_reopen(void *ctx)
{
	traffic_reopen(&((struct conmon *)ctx)->traffic);
}

/* Signals for us are meant for the container, or the runtime that makes it. */
static void on_signal(void *ctx, int sig)
{
	struct conmon *c = ctx;

	if (sig == SIGUSR1 || child_signal(&c->process, sig) == 0 ||
	    child_signal(&c->launch.child, sig) == 0)
		return;
	if (c->state != LIFE_WAITING)
		return;
	(void)err_set(&c->failure, EINTR, "ended by %s before it began", sig_name(sig));
	conmon_post(c, LIFE_EV_FAILED);
}

static int on_timer(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		    struct err *e UNUSED)
{
	struct conmon *c = s->ctx;
	uint64_t n;

	if (read(c->timerfd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		return 0;
	conmon_post(c, c->state == LIFE_RUNNING ? LIFE_EV_TIMED_OUT : LIFE_EV_DELAY_OVER);
	return 0;
}

/* ---- setting up ---- */

static int make_timer(struct conmon *c, struct err *e)
{
	if (c->o.timeout <= 0 && c->o.exit_delay <= 0)
		return 0;
	c->timerfd = loop_timer(e);
	if (c->timerfd < 0)
		return c->timerfd;
	return loop_add(&c->loop, &c->timer_src, c->timerfd, EPOLLIN, on_timer, c, e);
}

/* A container whose output passes us by has nothing to attach to. */
static int open_bundle(struct conmon *c, struct err *e)
{
	int r;

	if (!c->o.bundle || c->traffic.log.passthrough)
		return 0;
	c->bundlefd = dir_open_at(AT_FDCWD, c->o.bundle, e);
	if (c->bundlefd < 0)
		return c->bundlefd;
	r = place_make(&c->o, e);
	if (r >= 0)
		r = traffic_listen(&c->traffic, c->bundlefd, e);
	if (r >= 0)
		r = control_open(&c->control, c->bundlefd, e);
	return r;
}

static int set_up(struct conmon *c, struct err *e)
{
	int r = traffic_start(&c->traffic, &c->loop, on_caught_up, c, e);

	if (r >= 0)
		r = reaper_init(&c->reaper, &c->loop, on_signal, c, e);
	if (r >= 0)
		r = make_timer(c, e);
	if (r >= 0 && c->o.sdnotify_socket)
		r = notify_open(&c->notify, c->o.bundle, c->o.sdnotify_socket, e);
	if (r >= 0)
		r = open_bundle(c, e);
	if (r >= 0 && c->o.exec_attach)
		pipes_tell(&c->pipes.attachfd, &c->o, 0, NULL);
	return r;
}

static void init(struct conmon *c)
{
	c->timerfd = -1;
	c->bundlefd = -1;
	c->timer_src.fd = -1;
	c->start_src.fd = -1;
	c->process = CHILD_NONE;
	c->hook = CHILD_NONE;
	launch_init(&c->launch, &c->reaper);
	notify_init(&c->notify, &c->loop);
	control_init(&c->control, &c->loop);
	c->control.resize = on_resize;
	c->control.reopen = on_reopen;
	c->control.ctx = c;
	oom_watch_init(&c->oom, &c->loop, on_oom, c);
}

static void done(struct conmon *c)
{
	oom_watch_done(&c->oom);
	launch_done(&c->launch);
	child_forget(&c->process);
	child_forget(&c->hook);
	control_done(&c->control);
	notify_done(&c->notify);
	loop_remove(&c->loop, &c->start_src);
	loop_remove(&c->loop, &c->timer_src);
	if (c->timerfd >= 0)
		(void)close(c->timerfd);
	if (c->bundlefd >= 0)
		(void)close(c->bundlefd);
	traffic_done(&c->traffic);
	reaper_done(&c->reaper);
	loop_done(&c->loop);
}

int conmon_run(struct conmon *c)
{
	struct err e = { 0 };

	init(c);
	if (loop_init(&c->loop, &c->failure) < 0) {
		pipes_tell(&c->pipes.syncfd, &c->o, -1, c->failure.msg);
		return CONMON_FAILED;
	}
	if (set_up(c, &c->failure) < 0)
		conmon_post(c, LIFE_EV_FAILED);
	else
		conmon_post(c, LIFE_EV_BEGIN);
	if (loop_run(&c->loop, &e) < 0) {
		say(&c->o, LOG_LEVEL_ERROR, true, e.msg);
		c->status = CONMON_FAILED;
	}
	done(c);
	return c->status;
}
