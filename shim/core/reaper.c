/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/core/reaper.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

static const int watched_signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGUSR1 };

/* ---- those nobody waits for ---- */

static bool is_watched(const struct reaper *r, pid_t pid)
{
	for (const struct child *c = r->first; c; c = c->next)
		if (c->pid == pid)
			return true;
	return false;
}

/* A watched child is left to its pidfd; the sweep goes on when that was served. */
static void sweep(struct reaper *r)
{
	while (r->expected == 0) {
		siginfo_t si = { 0 };

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0)
			return;
		if (is_watched(r, si.si_pid))
			return;
		(void)waitid(P_PID, (id_t)si.si_pid, &si, WEXITED | WNOHANG);
	}
}

void reaper_expect(struct reaper *r)
{
	r->expected++;
}

void reaper_expected(struct reaper *r)
{
	r->expected--;
	sweep(r);
}

/* ---- one child ---- */

static void unlink_child(struct reaper *r, struct child *c)
{
	loop_remove(r->loop, &c->src);
	if (c->prev)
		c->prev->next = c->next;
	else
		r->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->prev = c->next = NULL;
	c->reaper = NULL;
	(void)close(c->pidfd);
	c->pidfd = -1;
}

/* It has ended: its status is ours to collect when it is our child, as it is with every runtime
 * that leaves its container to the subreaper; a new kernel tells it to others too. */
static void collect(struct reaper *r, struct child *c)
{
	struct child_end end = { 0 };
	pid_t got = waitpid(c->pid, &end.status, WNOHANG);

	/* Somebody traces it, and is the first to collect it: our turn is when SIGCHLD says so. */
	if (got == 0) {
		loop_remove(r->loop, &c->src);
		return;
	}
	(void)clock_gettime(CLOCK_REALTIME, &end.at);
	end.known = got == c->pid || proc_pidfd_status(c->pidfd, &end.status);
	unlink_child(r, c);
	c->ended(c, &end);
	sweep(r);
}

static bool has_ended(const struct child *c)
{
	siginfo_t si = { 0 };

	return waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid != 0;
}

/* Those whose tracer has collected them, or has gone. */
static void collect_traced(struct reaper *r)
{
	for (struct child *c = r->first, *next; c; c = next) {
		next = c->next;
		if (c->src.fd >= 0 || !has_ended(c))
			continue;
		collect(r, c);
		next = r->first; /* whoever was told may have freed others */
	}
}

static int on_pidfd(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		    struct err *e UNUSED)
{
	struct child *c = s->ctx;

	collect(c->reaper, c);
	return 0;
}

int child_watch(struct child *c, struct reaper *r, pid_t pid, int pidfd, child_ended_fn *ended,
		struct err *e)
{
	int ret;

	if (pidfd < 0)
		pidfd = sys_pidfd_open(pid, 0);
	if (pidfd < 0 && errno == ENOSYS)
		return err_set(e, ENOSYS, "this kernel watches no processes: Linux 5.4 is needed");
	if (pidfd < 0)
		return err_sys(e, "open process %d", (int)pid);
	ret = loop_add(r->loop, &c->src, pidfd, EPOLLIN, on_pidfd, c, e);
	if (ret < 0) {
		(void)close(pidfd);
		return ret;
	}
	c->reaper = r;
	c->pid = pid;
	c->pidfd = pidfd;
	c->ended = ended;
	c->prev = NULL;
	c->next = r->first;
	if (r->first)
		r->first->prev = c;
	r->first = c;
	return 0;
}

void child_collect(struct child *c)
{
	if (c->reaper && proc_wait_pidfd(c->pidfd, 0, NULL) > 0)
		collect(c->reaper, c);
}

void child_forget(struct child *c)
{
	if (c->reaper)
		unlink_child(c->reaper, c);
}

int child_signal(const struct child *c, int sig)
{
	if (c->pidfd < 0)
		return -ESRCH;
	return sys_pidfd_send_signal(c->pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

/* ---- signals ---- */

static int on_signalfd(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		       struct err *e UNUSED)
{
	struct reaper *r = s->ctx;
	struct signalfd_siginfo si;

	if (read(r->signalfd, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return 0;
	if (si.ssi_signo == SIGCHLD) {
		collect_traced(r);
		sweep(r);
	} else {
		r->on_signal(r->ctx, (int)si.ssi_signo);
	}
	return 0;
}

/* SIGHUP is ignored: a supervisor outlives the terminal and the session it was started from. */
int reaper_init(struct reaper *r, struct loop *loop, void (*on_signal)(void *ctx, int sig),
		void *ctx, struct err *e)
{
	sigset_t mask;

	*r = (struct reaper){
		.loop = loop,
		.signalfd = -1,
		.signal_src = { .fd = -1 },
		.on_signal = on_signal,
		.ctx = ctx,
	};
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_sys(e, "become a subreaper");
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_LEN(watched_signals); i++)
		(void)sigaddset(&mask, watched_signals[i]);
	r->signalfd = loop_signals(&mask, e);
	if (r->signalfd < 0)
		return r->signalfd;
	return loop_add(loop, &r->signal_src, r->signalfd, EPOLLIN, on_signalfd, r, e);
}

void reaper_done(struct reaper *r)
{
	while (r->first)
		unlink_child(r, r->first);
	loop_remove(r->loop, &r->signal_src);
	if (r->signalfd >= 0)
		(void)close(r->signalfd);
	r->signalfd = -1;
}
