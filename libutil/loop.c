/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/loop.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define BATCH_MAX 32
#define NS_PER_S  1000000000

int loop_init(struct loop *l, struct err *e)
{
	*l = (struct loop){ .epfd = epoll_create1(EPOLL_CLOEXEC) };
	return l->epfd < 0 ? err_sys(e, "make an event loop") : 0;
}

void loop_done(struct loop *l)
{
	if (l->epfd >= 0)
		(void)close(l->epfd);
	l->epfd = -1;
}

int loop_add(struct loop *l, struct loop_source *s, int fd, uint32_t events, loop_fn *fn, void *ctx,
	     struct err *e)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_sys(e, "watch descriptor %d", fd);
	*s = (struct loop_source){ .fd = fd, .fn = fn, .ctx = ctx };
	return 0;
}

int loop_modify(struct loop *l, struct loop_source *s, uint32_t events, struct err *e)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (epoll_ctl(l->epfd, EPOLL_CTL_MOD, s->fd, &ev) < 0)
		return err_sys(e, "watch descriptor %d", s->fd);
	return 0;
}

void loop_remove(struct loop *l, struct loop_source *s)
{
	/* A zeroed source that was never added says fd 0, but has no function. */
	if (s->fd < 0 || !s->fn)
		return;
	/* The caller may have closed it already, then the kernel has forgotten it. */
	(void)epoll_ctl(l->epfd, EPOLL_CTL_DEL, s->fd, NULL);
	s->fd = -1;
	s->dead = true;
	/* Its event may be waiting in this round, and its storage may go away. */
	for (int i = 0; i < l->n_batch; i++)
		if (l->batch[i] == s)
			l->batch[i] = NULL;
}

static int dispatch(struct loop *l, const struct epoll_event *events, struct err *e)
{
	for (int i = 0; i < l->n_batch && !l->stop; i++) {
		struct loop_source *s = l->batch[i];
		int r;

		if (!s)
			continue;
		r = s->fn(l, s, events[i].events, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int loop_once(struct loop *l, int timeout_ms, struct err *e)
{
	struct epoll_event events[BATCH_MAX];
	struct loop_source *batch[BATCH_MAX];
	int n, r;

	assert(!l->batch); /* rounds don't nest */
	n = epoll_wait(l->epfd, events, BATCH_MAX, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : err_sys(e, "wait for events");
	for (int i = 0; i < n; i++)
		batch[i] = events[i].data.ptr;
	l->batch = batch;
	l->n_batch = n;
	r = dispatch(l, events, e);
	l->batch = NULL;
	l->n_batch = 0;
	return r < 0 ? r : n;
}

void loop_when_quiet(struct loop *l, int ms, void (*fn)(void *ctx), void *ctx)
{
	l->quiet_ms = fn ? ms : 0;
	l->quiet = fn;
	l->quiet_ctx = ctx;
}

int loop_run(struct loop *l, struct err *e)
{
	while (!l->stop) {
		int r = loop_once(l, l->quiet_ms > 0 ? l->quiet_ms : -1, e);

		if (r < 0)
			return r;
		if (r > 0 || l->quiet_ms == 0)
			continue;
		l->quiet_ms = 0;
		l->quiet(l->quiet_ctx);
	}
	l->stop = false;
	return l->exit_value;
}

void loop_stop(struct loop *l, int value)
{
	l->stop = true;
	l->exit_value = value;
}

int loop_timer(struct err *e)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return fd < 0 ? err_sys(e, "make a timer") : fd;
}

static struct timespec from_ns(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

int loop_timer_set(int timerfd, int64_t first_ns, int64_t every_ns, struct err *e)
{
	/* Zero would disarm: the shortest time stands for "at once". */
	struct itimerspec spec = { .it_value = from_ns(first_ns < 0 ? 1 : first_ns),
				   .it_interval = from_ns(every_ns) };

	if (timerfd_settime(timerfd, 0, &spec, NULL) < 0)
		return err_sys(e, "set a timer");
	return 0;
}

int loop_signals(const sigset_t *mask, struct err *e)
{
	int fd;

	if (sigprocmask(SIG_BLOCK, mask, NULL) < 0)
		return err_sys(e, "block signals");
	fd = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, "watch signals") : fd;
}
