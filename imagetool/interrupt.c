/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/sig.h"
#include "libutil/strbuf.h"

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

/* 0 at its end. */
static int read_some(int fd, const char *path, struct strbuf *text, struct err *e)
{
	char data[16 << 10];
	int r = interrupt_wait_input(fd, e);
	ssize_t n;

	if (r < 0)
		return r;
	n = read(fd, data, sizeof(data));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : err_sys(e, "read '%s'", path);
	strbuf_add(text, data, (size_t)n);
	r = strbuf_check(text, path, e);
	return r < 0 ? r : n > 0;
}

/* Opening a FIFO waits for who writes, and no signal that is held ends that: it is not waited
 * there.  poll(2) tells of a writer's end only when there has been one. */
int interrupt_read_file(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e)
{
	autofd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	auto_(strbuf) struct strbuf text = { .max = max };
	struct stat st;
	int r = 1;

	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '%s'", path);
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return file_read_stat(fd, path, &st, max, ret, ret_len, e);
	while (r > 0)
		r = read_some(fd, path, &text, e);
	if (r < 0)
		return r;
	if (ret_len)
		*ret_len = text.len;
	*ret = text.len ? strbuf_steal(&text) : xstrdup("");
	return 0;
}
