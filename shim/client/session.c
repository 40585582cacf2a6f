/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/loop.h"
#include "libutil/sys.h"
#include "libutil/tty.h"
#include "shim/client/container_log.h"
#include "shim/client/follow.h"
#include "shim/io/frame.h"

/* A container that ignores a signal must not keep its person: the third one ends the session only.
 */
#define SIGNALS_UNTIL_DETACH 3
#define INPUT_PIECE          4096

enum end {
	END_NOT_YET,
	END_OF_OUTPUT,
	END_DETACHED,
	END_SIGNAL,
};

/* poll(2) rather than the loop: a regular file on stdin cannot be watched by epoll. */
enum watched { W_SOCK, W_STDIN, W_SIGNAL, W_LOG, W_SUPERVISOR, W_COUNT };

struct run {
	struct session *s;
	struct pollfd p[W_COUNT];
	enum end end;
	int signals; /* passed on so far */
	int last_signal;
	bool input_ended;
	char pending[INPUT_PIECE + DETACH_KEYS_MAX]; /* typed, not taken by the socket yet */
	size_t pending_len;
	bool behind; /* output comes from the log */
	bool gap;    /* output comes from nowhere any more */
	struct follow follow;
	struct tty_saved tty;
};

struct ctl_size session_terminal_size(void)
{
	struct ctl_size size = { 0 };

	if (isatty(STDIN_FILENO) && tty_get_size(STDIN_FILENO, &size.rows, &size.cols, NULL) < 0)
		return (struct ctl_size){ 0 };
	return size;
}

int session_connect(struct entry *en, int *ret_sock, struct err *e)
{
	int fd = fd_unix_connect_at(en->dirfd, RECORD_ATTACH, SOCK_SEQPACKET, e);

	if (fd < 0)
		return fd;
	*ret_sock = fd;
	return 0;
}

/* ---- signals ---- */

static void send_size(const struct run *run)
{
	char line[CTL_LINE_MAX];
	struct ctl_size size = session_terminal_size();
	autofd int fd = openat(run->s->entry->dirfd, RECORD_CTL, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	/* Nobody to tell: the container is about to end. */
	if (fd >= 0 && (size.rows || size.cols))
		(void)file_write_all(fd, line, ctl_write(line, size), NULL);
}

static void pass_on(struct run *run, int sig)
{
	run->last_signal = sig;
	if (run->s->container < 0 || ++run->signals >= SIGNALS_UNTIL_DETACH) {
		run->end = END_SIGNAL;
		return;
	}
	(void)sys_pidfd_send_signal(run->s->container, sig, NULL, 0);
}

static void take_signal(struct run *run)
{
	struct signalfd_siginfo si;

	if (read(run->p[W_SIGNAL].fd, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return;
	if (si.ssi_signo == SIGWINCH)
		send_size(run);
	else if (si.ssi_signo == SIGHUP)
		run->end = END_SIGNAL; /* the terminal is gone, the container stays */
	else
		pass_on(run, (int)si.ssi_signo);
	if (si.ssi_signo == SIGHUP)
		run->last_signal = SIGHUP;
}

static int watch_signals(struct err *e)
{
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGINT);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigaddset(&mask, SIGQUIT);
	(void)sigaddset(&mask, SIGHUP);
	(void)sigaddset(&mask, SIGWINCH);
	return loop_signals(&mask, e);
}

/* ---- output ---- */

/*
 * Our reader may never read again, and the signals that are to end us are blocked: never be in a
 * write(2) that waits.  A pipe that poll(2) calls writable takes PIPE_BUF bytes at once.
 */
static int write_out(void *ctx, int fd, const char *data, size_t len, struct err *e)
{
	struct run *run = ctx;
	struct pollfd p[] = { { .fd = fd, .events = POLLOUT },
			      { .fd = run->p[W_SIGNAL].fd, .events = POLLIN } };
	size_t n;
	int r = 0;

	for (; len > 0 && r >= 0 && run->end == END_NOT_YET; data += n, len -= n) {
		n = 0;
		if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			return err_sys(e, "wait for standard output");
		if (p[1].revents)
			take_signal(run);
		if (!p[0].revents)
			continue;
		n = len < PIPE_BUF ? len : PIPE_BUF;
		r = file_write_all(fd, data, n, e);
	}
	return r;
}

/* O_NONBLOCK: a log may be a FIFO, whose writer is not waited for. */
int session_open_log(const struct entry *en)
{
	struct follow_log log = { 0 };

	if (!en->rec || container_log(en->rec, &log, NULL) < 0)
		return -1;
	return open(log.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static int open_log(struct run *run, const struct frame_behind *b, struct err *e)
{
	struct file_id id = { .dev = b->dev, .ino = b->ino, .made_ns = b->made_ns };
	struct follow_log log = { 0 };
	int r = container_log(run->s->entry->rec, &log, e);

	if (r >= 0)
		r = follow_open_with(&run->follow, &log, run->s->logfd, e);
	if (r >= 0)
		r = follow_seek(&run->follow, &id, b->offset, b->skip, e);
	if (r < 0)
		return r;
	run->follow.write = write_out;
	run->follow.write_ctx = run;
	return follow_watch(&run->follow, e);
}

/* The supervisor does not wait for us: from here on the log is our source. */
static int fall_behind(struct run *run, const struct frame *f, struct err *e)
{
	struct frame_behind b;
	int r;

	if (frame_read_behind(f, &b) < 0)
		return err_set(e, EBADMSG, "the supervisor sent an unknown notice");
	if (!b.in_log) {
		log_warning("output is missing from here on: it came faster than it was read, "
			    "and the log cannot be written");
		run->gap = true;
		return 0;
	}
	r = open_log(run, &b, e);
	if (r < 0)
		return r;
	run->p[W_LOG].fd = r;
	run->behind = true;
	return 0;
}

static int take_packet(struct run *run, struct err *e)
{
	char packet[FRAME_MAX];
	ssize_t n = recv(run->s->sock, packet, sizeof(packet), MSG_DONTWAIT);
	struct frame f;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* ECONNRESET: a supervisor that was killed; whether it was is found out at the end. */
	if (n <= 0) {
		run->p[W_SOCK].fd = -1;
		if (!run->behind)
			run->end = END_OF_OUTPUT;
		return 0;
	}
	if (frame_read(packet, (size_t)n, &f) < 0)
		return err_set(e, EBADMSG, "the supervisor sent a malformed packet");
	if (f.tag == FRAME_BEHIND)
		return fall_behind(run, &f, e);
	return write_out(run, f.tag == FRAME_STDERR ? STDERR_FILENO : STDOUT_FILENO, f.data, f.len,
			 e);
}

/* The supervisor's end is looked at before the log: then nothing is added behind what we read. */
static int take_log(struct run *run, bool supervisor_ended, struct err *e)
{
	char drop[4096];
	int r;

	(void)!read(run->p[W_LOG].fd, drop, sizeof(drop)); /* what changed is plain: the log grew */
	do
		r = follow_step(&run->follow, e);
	while (r > 0 && supervisor_ended && run->end == END_NOT_YET);
	if (r == 0 && supervisor_ended)
		run->end = END_OF_OUTPUT;
	return r;
}

/* ---- input ---- */

static void send_pending(struct run *run)
{
	ssize_t n = send(run->s->sock, run->pending, run->pending_len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
		return;
	/* Sent as a whole, or the supervisor is gone and the end of output follows. */
	run->pending_len = 0;
}

static void end_input(struct run *run)
{
	run->input_ended = true;
	(void)shutdown(run->s->sock, SHUT_WR);
}

static int take_stdin(struct run *run, struct err *e)
{
	char typed[INPUT_PIECE];
	ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0 && errno != EIO)
		return err_sys(e, "read standard input");
	if (n <= 0) {
		end_input(run);
		return 0;
	}
	if (detach_feed(&run->s->detach, typed, (size_t)n, run->pending, &run->pending_len))
		run->end = END_DETACHED;
	if (run->pending_len > 0)
		send_pending(run);
	return 0;
}

/* ---- one turn ---- */

static void choose_events(struct run *run)
{
	bool typing = run->s->input && !run->input_ended && run->pending_len == 0;

	run->p[W_SOCK].events = (short)(POLLIN | (run->pending_len > 0 ? POLLOUT : 0));
	run->p[W_STDIN].fd = typing ? STDIN_FILENO : -1;
	run->p[W_SUPERVISOR].fd = run->behind || run->gap ? run->s->entry->supervisor : -1;
	for (int i = 0; i < W_COUNT; i++)
		run->p[i].revents = 0;
}

/* While the log has more to give there is nothing to wait for. */
static int turn(struct run *run, bool *log_has_more, struct err *e)
{
	int r;

	choose_events(run);
	if (poll(run->p, W_COUNT, *log_has_more ? 0 : -1) < 0 && errno != EINTR)
		return err_sys(e, "wait");
	if (run->p[W_SIGNAL].revents)
		take_signal(run);
	if (run->p[W_SOCK].revents & POLLOUT)
		send_pending(run);
	if (run->p[W_SOCK].revents & (POLLIN | POLLHUP | POLLERR)) {
		r = take_packet(run, e);
		if (r < 0)
			return r;
	}
	if (run->p[W_STDIN].revents) {
		r = take_stdin(run, e);
		if (r < 0)
			return r;
	}
	if (run->gap && run->p[W_SUPERVISOR].revents)
		run->end = END_OF_OUTPUT;
	if (!run->behind || run->end != END_NOT_YET)
		return 0;
	r = take_log(run, run->p[W_SUPERVISOR].revents != 0, e);
	*log_has_more = r > 0;
	return r;
}

static int serve(struct run *run, struct err *e)
{
	bool log_has_more = false;
	int r = 0;

	while (r >= 0 && run->end == END_NOT_YET)
		r = turn(run, &log_has_more, e);
	return r < 0 ? r : 0;
}

/* ---- beginning and end ---- */

static int begin(struct run *run, struct err *e)
{
	int fd;

	*run = (struct run){
		.s = run->s,
		.tty = { .fd = -1 },
		.follow = FOLLOW_NONE,
	};
	for (int i = 0; i < W_COUNT; i++)
		run->p[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	run->p[W_SOCK].fd = run->s->sock;
	/* Keys are typed; in a file or a pipe the same bytes mean themselves. */
	if (!isatty(STDIN_FILENO))
		run->s->detach.n = 0;
	fd = watch_signals(e);
	if (fd < 0)
		return fd;
	run->p[W_SIGNAL].fd = fd;
	if (!run->s->entry->rec->terminal || !run->s->input)
		return 0;
	send_size(run);
	return tty_raw(STDIN_FILENO, &run->tty, e);
}

static void finish(struct run *run)
{
	tty_restore(&run->tty);
	if (run->p[W_SIGNAL].fd >= 0)
		(void)close(run->p[W_SIGNAL].fd);
	follow_done(&run->follow);
}

static int exit_status(struct run *run, struct err *e)
{
	struct exit_record *x = NULL;
	int r;

	if (run->end == END_DETACHED)
		return 0;
	if (run->end == END_SIGNAL) {
		log_warning("detached; container '%s' goes on", run->s->entry->id);
		return 128 + run->last_signal;
	}
	r = entry_wait_supervisor(run->s->entry, -1, e);
	if (r < 0)
		return r;
	r = entry_wait_exit(run->s->entry, &x, e);
	return r < 0 ? r : (int)x->code.v;
}

int session_run(struct session *s, struct err *e)
{
	struct run run = { .s = s };
	int r = begin(&run, e);

	if (r >= 0)
		r = serve(&run, e);
	finish(&run);
	return r < 0 ? r : exit_status(&run, e);
}
