/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/mount/userns_wait.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* One that is ignored (nohup) stays so, here and there. */
static void held_set(sigset_t *ret)
{
	(void)sigemptyset(ret);
	for (size_t i = 0; i < ARRAY_LEN(passed_on); i++) {
		struct sigaction now;

		if (sigaction(passed_on[i], NULL, &now) < 0 || now.sa_handler != SIG_IGN)
			(void)sigaddset(ret, passed_on[i]);
	}
}

void userns_hold_signals(sigset_t *before)
{
	sigset_t set;

	held_set(&set);
	(void)sigprocmask(SIG_BLOCK, &set, before);
}

static void pass_on(int sigfd, int pidfd)
{
	struct signalfd_siginfo info;

	if (read(sigfd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_code != SI_KERNEL)
		(void)sys_pidfd_send_signal(pidfd, (int)info.ssi_signo, NULL, 0);
}

int userns_wait(pid_t pid, int *ret_status, struct err *e)
{
	autofd int pidfd = sys_pidfd_open(pid, 0);
	autofd int sigfd = -1;
	sigset_t set;

	held_set(&set);
	sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	struct pollfd p[] = { { .fd = pidfd, .events = POLLIN },
			      { .fd = sigfd, .events = POLLIN } };

	while (pidfd >= 0 && sigfd >= 0 && !p[0].revents) {
		if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			break;
		if (p[1].revents)
			pass_on(sigfd, pidfd);
	}
	return proc_wait(pid, ret_status, e);
}
