/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "libutil/sig.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

/* A signal that is ignored (nohup) would become pending once it is blocked: it stays out. */
static bool is_ignored(int sig)
{
	struct sigaction now;

	return sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void interrupt_hold(struct interrupt *i)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t n = 0; n < ARRAY_LEN(signals); n++)
		if (!is_ignored(signals[n]))
			(void)sigaddset(&set, signals[n]);
	i->held = sigprocmask(SIG_BLOCK, &set, &i->before) == 0;
}

void interrupt_release(struct interrupt *i)
{
	if (i->held)
		(void)sigprocmask(SIG_SETMASK, &i->before, NULL);
	i->held = false;
}

int interrupt_check(struct err *e)
{
	sigset_t waiting;

	if (sigpending(&waiting) < 0)
		return 0;
	for (size_t n = 0; n < ARRAY_LEN(signals); n++)
		if (sigismember(&waiting, signals[n]) == 1)
			return err_set(e, EINTR, "interrupted by %s", sig_name(signals[n]));
	return 0;
}

/* The signals stay pending: a signalfd that is not read only tells of them. */
int interrupt_wait_input(int fd, struct err *e)
{
	struct stat st;
	sigset_t set;
	autofd int sigfd = -1;

	/* Files don't make anybody wait. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return 0;
	(void)sigemptyset(&set);
	for (size_t n = 0; n < ARRAY_LEN(signals); n++)
		(void)sigaddset(&set, signals[n]);
	sigfd = signalfd(-1, &set, SFD_CLOEXEC);
	if (sigfd < 0)
		return err_sys(e, "watch signals");
	struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = sigfd, .events = POLLIN } };

	if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
		return err_sys(e, "wait for input");
	return interrupt_check(e);
}
