/* SPDX-License-Identifier: Apache-2.0 */
/* A program run to its end, fed and listened to by one poll loop. */
#include "libutil/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"

#define READ_CHUNK 16384

struct run {
	pid_t pid;
	int pidfd, infd, outfd; /* owned; -1 when not needed or done */
	const char *input;
	size_t left;
	struct strbuf *out;
	int64_t deadline; /* ms of the monotonic clock; -1: none */
	int64_t silence;  /* the same, from its last word on */
	int silence_ms;   /* 0: it may be silent */
	int stopfds[PROC_STOP_FDS];
};

static void run_done(struct run *r)
{
	if (r->pidfd >= 0)
		(void)close(r->pidfd);
	if (r->infd >= 0)
		(void)close(r->infd);
	if (r->outfd >= 0)
		(void)close(r->outfd);
}
AUTO_DEFINE_DONE(run, run_done)

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void close_now(int *fd)
{
	(void)close(*fd);
	*fd = -1;
}

/*
 * A program that does not read its input must not kill us: SIGPIPE is blocked
 * around the write and taken back when it came.  The disposition, which all
 * threads share, is left alone.
 */
static ssize_t write_no_sigpipe(int fd, const char *data, size_t len)
{
	static const struct timespec no_wait;
	sigset_t pipe_only, old;
	ssize_t n;
	int error;

	(void)sigemptyset(&pipe_only);
	(void)sigaddset(&pipe_only, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_only, &old);
	n = write(fd, data, len);
	error = errno;
	if (n < 0 && error == EPIPE)
		(void)sigtimedwait(&pipe_only, NULL, &no_wait);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return n;
}

static int feed(struct run *r, struct err *e)
{
	ssize_t n = write_no_sigpipe(r->infd, r->input, r->left);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0 && errno != EPIPE)
		return err_sys(e, "feed its input");
	if (n > 0) {
		r->input += n;
		r->left -= (size_t)n;
	}
	if (n < 0 || r->left == 0)
		close_now(&r->infd);
	return 0;
}

/* Keep what fits; what is over the maximum is read and dropped, so that the program goes on. */
static void keep(struct strbuf *out, const char *data, size_t len)
{
	size_t max = out->max ? out->max : STRBUF_DEFAULT_MAX;
	size_t room = out->len < max ? max - out->len : 0;

	strbuf_add(out, data, len < room ? len : room);
}

/* One read.  1: there may be more; 0: nothing more for now. */
static int listen_once(struct run *r, struct err *e)
{
	char buf[READ_CHUNK];
	ssize_t n = read(r->outfd, buf, sizeof(buf));

	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return err_sys(e, "read its output");
	if (n == 0) {
		close_now(&r->outfd);
		return 0;
	}
	keep(r->out, buf, (size_t)n);
	return 1;
}

/* What the program wrote before it ended.  Its own children may hold the pipe for ever. */
static int drain(struct run *r, struct err *e)
{
	int more = 1;

	while (more > 0 && r->outfd >= 0)
		more = listen_once(r, e);
	return more;
}

static void begin_silence(struct run *r)
{
	r->silence = r->silence_ms > 0 ? now_ms() + r->silence_ms : -1;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int time_left(const struct run *r)
{
	int64_t end = sooner(r->deadline, r->silence), left;

	if (end < 0)
		return -1;
	left = end - now_ms();
	return left > 0 ? (int)left : 0;
}

static int too_long(const struct run *r, struct err *e)
{
	if (r->silence >= 0 && sooner(r->deadline, r->silence) == r->silence)
		return err_set(e, ETIME, "it said nothing for %d seconds and was killed",
			       r->silence_ms / 1000);
	return err_set(e, ETIMEDOUT, "it took too long and was killed");
}

/* Until the program has ended. */
static int converse(struct run *r, struct err *e)
{
	for (;;) {
		struct pollfd p[] = { { .fd = r->pidfd, .events = POLLIN },
				      { .fd = r->infd, .events = POLLOUT },
				      { .fd = r->outfd, .events = POLLIN },
				      { .fd = r->stopfds[0], .events = POLLIN },
				      { .fd = r->stopfds[1], .events = POLLIN } };
		int n = poll(p, ARRAY_LEN(p), time_left(r)), res = 0;

		if (n < 0 && errno != EINTR)
			return err_sys(e, "wait for it");
		if (n == 0)
			return too_long(r, e);
		if (n < 0)
			continue;
		if (p[0].revents)
			return drain(r, e);
		if (p[3].revents || p[4].revents)
			return err_set(e, EINTR, "it was told to stop and was killed");
		if (p[1].revents)
			res = feed(r, e);
		if (res >= 0 && p[2].revents) {
			res = listen_once(r, e);
			begin_silence(r);
		}
		if (res < 0)
			return res;
	}
}

/* Our ends are non-blocking, the program's ends are not: the flag belongs to the open file. */
static int make_pipe(int *ret_read, int *ret_write, int *ours, struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	*ret_read = p[0];
	*ret_write = p[1];
	if (fcntl(*ours, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, "make a pipe non-blocking");
	return 0;
}

static int start(struct run *r, const struct proc_spec *spec, struct err *e)
{
	size_t n = spec->n_fds > 3 ? spec->n_fds : 3;
	autofree int *fds = xcalloc(n, sizeof(*fds));
	autofd int childin = -1, childout = -1;
	struct proc_spec s = *spec;
	int res = 0;

	if (spec->n_fds > 3)
		memcpy(fds, spec->fds, n * sizeof(*fds));
	if (r->left > 0)
		res = make_pipe(&childin, &r->infd, &r->infd, e);
	if (res == 0 && r->out)
		res = make_pipe(&r->outfd, &childout, &r->outfd, e);
	if (res < 0)
		return res;
	fds[0] = childin;
	fds[1] = spec->outfd > 0 ? spec->outfd : childout;
	fds[2] = spec->errfd > 0 ? spec->errfd : childout;
	s.fds = fds;
	s.n_fds = n;
	return proc_spawn(&s, &r->pid, &r->pidfd, e);
}

int proc_run(const struct proc_spec *spec, const char *input, size_t input_len, struct strbuf *out,
	     int timeout_ms, int *ret_status, struct err *e)
{
	auto_(run) struct run r = { .pidfd = -1,
				    .infd = -1,
				    .outfd = -1,
				    .input = input,
				    .left = input ? input_len : 0,
				    .out = out,
				    .stopfds = { -1, -1 } };
	const char *label = spec->argv0_label ? spec->argv0_label : spec->path;
	int res, waited;

	_Static_assert(ARRAY_LEN(r.stopfds) == 2, "as many are polled");
	if (spec->may_stop)
		memcpy(r.stopfds, spec->stopfds, sizeof(r.stopfds));
	r.silence_ms = spec->silence_ms;
	begin_silence(&r);
	r.deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	res = start(&r, spec, e);
	if (res < 0)
		return res;
	res = converse(&r, e);
	/* It is our unreaped child, so the number is still its own. */
	if (res < 0)
		(void)kill(spec->new_session ? -r.pid : r.pid, SIGKILL);
	waited = proc_wait(r.pid, ret_status, res < 0 ? NULL : e);
	if (res < 0)
		return err_wrap(e, res, "run '%s'", label);
	return waited;
}
