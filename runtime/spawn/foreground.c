/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/foreground.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/loop.h"
#include "libutil/proc.h"
#include "libutil/sys.h"
#include "runtime/spawn/console.h"
#include "runtime/spawn/relay.h"

/* What stays ours: faults of our own, job control by the shell, and SIGURG, which some language
 * runtimes send around as noise. */
static const int not_forwarded[] = { SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP, SIGABRT, SIGSYS,
				     SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGURG };

static void watched_signals(sigset_t *mask)
{
	(void)sigfillset(mask);
	for (size_t i = 0; i < ARRAY_LEN(not_forwarded); i++)
		(void)sigdelset(mask, not_forwarded[i]);
}

int foreground_hold_signals(struct err *e)
{
	sigset_t mask;

	watched_signals(&mask);
	/* A closed standard output is a failed write, not our death. */
	(void)signal(SIGPIPE, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &mask, NULL) < 0 ? err_sys(e, "block signals") : 0;
}

int foreground_become_reaper(struct err *e)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0
		       ? err_sys(e, "become the reaper of orphans")
		       : 0;
}

static void reap(struct child *child)
{
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != child->pid)
			continue;
		child->status = status;
		child->reaped = true;
	}
}

static int handle_signal(int sigfd, struct child *child, const struct relay *relay, struct err *e)
{
	struct signalfd_siginfo info;

	if (read(sigfd, &info, sizeof(info)) != sizeof(info))
		return errno == EINTR || errno == EAGAIN ? 0 : err_sys(e, "read a signal");
	if (info.ssi_signo == SIGCHLD)
		reap(child);
	else if (info.ssi_signo == SIGWINCH && relay)
		console_resize_as_ours(relay->masterfd);
	else if (info.ssi_signo != SIGWINCH)
		(void)sys_pidfd_send_signal(child->pidfd, (int)info.ssi_signo, NULL, 0);
	return 0;
}

static int watch(struct child *child, int sigfd, struct relay *relay, struct err *e)
{
	struct pollfd fds[1 + RELAY_POLLFDS];
	nfds_t n = relay ? ARRAY_LEN(fds) : 1;
	int r = 0;

	reap(child);
	while (r >= 0 && !child->reaped) {
		fds[0] = (struct pollfd){ .fd = sigfd, .events = POLLIN };
		if (relay)
			relay_poll(relay, fds + 1);
		if (poll(fds, n, -1) < 0) {
			if (errno != EINTR)
				return err_sys(e, "wait for the container");
			continue;
		}
		if (relay)
			relay_move(relay, fds + 1);
		if (fds[0].revents)
			r = handle_signal(sigfd, child, relay, e);
	}
	return r;
}

int foreground_wait(struct child *child, int masterfd, struct err *e)
{
	autofree struct relay *relay = NULL;
	autofd int sigfd = -1;
	sigset_t mask;
	int r;

	watched_signals(&mask);
	sigfd = loop_signals(&mask, e);
	if (sigfd < 0)
		return sigfd;
	if (masterfd >= 0) {
		relay = xcalloc(1, sizeof(*relay));
		r = relay_open(relay, masterfd, e);
		if (r < 0)
			return r;
	}
	r = watch(child, sigfd, relay, e);
	if (relay) {
		relay_drain(relay);
		relay_close(relay);
	}
	return r < 0 ? r : proc_exit_code(child->status);
}
