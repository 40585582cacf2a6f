/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

/* A logger that was late to read still gets to its end before it is asked to go. */
#define READY_IN_MS   30000
#define TERM_AFTER_MS 2000
#define KILL_AFTER_MS 12000
#define NS_PER_MS     INT64_C(1000000)

enum { LOGGER_OUT_FD = 3, LOGGER_ERR_FD, LOGGER_READY_FD, LOGGER_FD_COUNT };

void logger_init(struct logger *g, struct loop *loop, void (*ready)(void *, const struct err *),
		 void *ctx)
{
	*g = (struct logger){
		.loop = loop,
		.pidfd = -1,
		.readyfd = -1,
		.timerfd = -1,
		.exit_src = { .fd = -1 },
		.ready_src = { .fd = -1 },
		.timer_src = { .fd = -1 },
		.ready_in = READY_IN_MS,
		.term_in = TERM_AFTER_MS,
		.kill_in = KILL_AFTER_MS,
		.ready = ready,
		.ctx = ctx,
	};
}

static void unwatch(struct logger *g, struct loop_source *s, int *fd)
{
	loop_remove(g->loop, s);
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void send_signal(const struct logger *g, int sig)
{
	if (g->pid > 0)
		(void)sys_pidfd_send_signal(g->pidfd, sig, NULL, 0);
}

/* Another reaper of this process may have been faster. */
static void collect(struct logger *g, int flags)
{
	siginfo_t si;

	(void)waitid(P_PIDFD, (id_t)g->pidfd, &si, WEXITED | flags);
	g->pid = 0;
}

void logger_done(struct logger *g)
{
	if (!g->loop)
		return;
	if (g->pid > 0) {
		send_signal(g, SIGKILL);
		collect(g, 0);
	}
	unwatch(g, &g->exit_src, &g->pidfd);
	unwatch(g, &g->ready_src, &g->readyfd);
	unwatch(g, &g->timer_src, &g->timerfd);
}

static void tell_ready(struct logger *g, const struct err *why)
{
	unwatch(g, &g->ready_src, &g->readyfd);
	(void)loop_timer_set(g->timerfd, 0, 0, NULL);
	g->ready(g->ctx, why);
}

static int on_ready(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		    struct err *e UNUSED)
{
	tell_ready(s->ctx, NULL);
	return 0;
}

static int on_ended(struct loop *l, struct loop_source *s, uint32_t events, struct err *e)
{
	struct logger *g = s->ctx;

	collect(g, WNOHANG);
	unwatch(g, &g->exit_src, &g->pidfd);
	if (g->readyfd >= 0)
		return on_ready(l, &g->ready_src, events, e);
	unwatch(g, &g->timer_src, &g->timerfd);
	if (g->ended)
		g->ended(g->ctx);
	return 0;
}

static int on_timer(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		    struct err *e)
{
	struct logger *g = s->ctx;
	uint64_t times;

	(void)!read(g->timerfd, &times, sizeof(times));
	if (g->readyfd >= 0) {
		struct err why = { 0 };

		(void)err_set(&why, ETIMEDOUT,
			      "the logger did not say within %d s that it is ready",
			      g->ready_in / 1000);
		tell_ready(g, &why);
		return 0;
	}
	if (g->term_in < 0) {
		send_signal(g, SIGKILL);
		return 0;
	}
	send_signal(g, SIGTERM);
	g->term_in = -1;
	return loop_timer_set(g->timerfd, g->kill_in * NS_PER_MS, 0, e);
}

static int spawn(struct logger *g, const struct uri *u, const char *id, const char *ns,
		 const int fds[LOGGER_FD_COUNT], struct err *e)
{
	auto_(strv) struct strv argv = { 0 }, env = { 0 };
	struct proc_spec spec = { .path = u->path, .fds = fds, .n_fds = LOGGER_FD_COUNT };

	strv_add(&argv, u->path);
	if (u->args.n > 0)
		strv_add_all(&argv, u->args.v);
	strv_addf(&env, "CONTAINER_ID=%s", id);
	strv_addf(&env, "CONTAINER_NAMESPACE=%s", ns);
	spec.argv = strv_argv(&argv);
	spec.envp = strv_argv(&env);
	return proc_spawn(&spec, &g->pid, &g->pidfd, e);
}

static int watch(struct logger *g, struct err *e)
{
	int r = loop_timer(e);

	if (r < 0)
		return r;
	g->timerfd = r;
	r = loop_add(g->loop, &g->timer_src, g->timerfd, EPOLLIN, on_timer, g, e);
	if (r >= 0)
		r = loop_timer_set(g->timerfd, g->ready_in * NS_PER_MS, 0, e);
	if (r >= 0)
		r = loop_add(g->loop, &g->exit_src, g->pidfd, EPOLLIN, on_ended, g, e);
	return r < 0 ? r : loop_add(g->loop, &g->ready_src, g->readyfd, EPOLLIN, on_ready, g, e);
}

static int make_pipe(int ends[2], struct err *e)
{
	return pipe2(ends, O_CLOEXEC) < 0 ? err_sys(e, "make a pipe") : 0;
}

static int start(struct logger *g, const struct uri *u, const char *id, const char *ns,
		 const int readers[2], struct err *e)
{
	autofd int said = -1;
	int ready[2];
	int r = make_pipe(ready, e);

	if (r < 0)
		return r;
	g->readyfd = ready[0];
	said = ready[1];
	r = spawn(g, u, id, ns, (int[]){ -1, -1, -1, readers[0], readers[1], said }, e);
	return r < 0 ? r : watch(g, e);
}

int logger_start(struct logger *g, const struct uri *u, const char *id, const char *ns,
		 int writers[2], int readers[2], struct err *e)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	int r = make_pipe(out, e);

	if (r >= 0)
		r = make_pipe(err, e);
	readers[0] = out[0];
	writers[0] = out[1];
	readers[1] = err[0];
	writers[1] = err[1];
	if (r >= 0)
		r = start(g, u, id, ns, readers, e);
	return r < 0 ? err_wrap(e, r, "logger '%s'", u->path) : 0;
}

void logger_leave(struct logger *g)
{
	if (g->pid == 0 || g->left)
		return;
	g->left = true;
	(void)loop_timer_set(g->timerfd, g->term_in * NS_PER_MS, 0, NULL);
}
