/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"

/* What a terminal's line discipline takes for "no more input" (VEOF). */
#define END_OF_INPUT '\004'

/* A file never blocks, and its offset is shared: what the shell has read is not read again, and
 * what it writes next goes behind what we write. */
static bool has_offset(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

/* An open file of our own, so that not blocking concerns us alone and not the shell that shares
 * descriptor `fd`. Where it cannot be opened anew (sockets, a terminal of another user), the shared
 * one has to do. */
static int open_anew(int fd, int flags, bool *ret_owned)
{
	char path[FD_PATH_SIZE];
	int own;

	if (has_offset(fd)) {
		own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		*ret_owned = own >= 0;
		return own >= 0 ? own : fd;
	}
	own = open(fd_path(fd, path), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	*ret_owned = own >= 0;
	if (own >= 0)
		return own;
	(void)fd_set_nonblock(fd, true, NULL);
	return fd;
}

int relay_open(struct relay *r, int masterfd, struct err *e)
{
	int ret;

	*r = (struct relay){ .masterfd = masterfd, .saved = { .fd = -1 } };
	r->in_is_tty = isatty(STDIN_FILENO);
	ret = tty_raw(STDIN_FILENO, &r->saved, e);
	if (ret < 0)
		return ret;
	ret = fd_set_nonblock(masterfd, true, e);
	if (ret < 0)
		return ret;
	r->infd = open_anew(STDIN_FILENO, O_RDONLY, &r->in_owned);
	r->outfd = open_anew(STDOUT_FILENO, O_WRONLY, &r->out_owned);
	r->input.from = r->infd;
	r->input.to = masterfd;
	r->output.from = masterfd;
	r->output.to = r->outfd;
	return 0;
}

static bool is_empty(const struct relay_pipe *p)
{
	return p->start == p->end;
}

static void poll_pipe(const struct relay_pipe *p, struct pollfd fds[2])
{
	/* A descriptor nobody is interested in must not be there: it would report its hang-up for
	 * ever. */
	fds[0] = (struct pollfd){ .fd = is_empty(p) ? p->from : -1, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = is_empty(p) ? -1 : p->to, .events = POLLOUT };
}

void relay_poll(const struct relay *r, struct pollfd fds[RELAY_POLLFDS])
{
	poll_pipe(&r->input, fds);
	poll_pipe(&r->output, fds + 2);
}

static bool try_again(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* A pty master whose other end is closed by all gives EIO: the same as end-of-file. */
static void fill(struct relay_pipe *p)
{
	ssize_t n = read(p->from, p->data, sizeof(p->data));

	if (n < 0 && try_again())
		return;
	p->start = 0;
	p->end = n > 0 ? (size_t)n : 0;
	if (n <= 0)
		p->from = -1;
}

/* What cannot be written any more is dropped, so that the process is not held up by our dead
 * reader. */
static void flush(struct relay_pipe *p)
{
	ssize_t n = write(p->to, p->data + p->start, p->end - p->start);

	if (n < 0 && try_again())
		return;
	if (n < 0)
		p->start = p->end;
	else
		p->start += (size_t)n;
}

static void move(struct relay_pipe *p, const struct pollfd fds[2])
{
	if (fds[0].fd >= 0 && fds[0].revents)
		fill(p);
	if (!is_empty(p) && (fds[1].fd < 0 || fds[1].revents))
		flush(p);
}

/* A file or pipe on standard input ends; the reader behind the pty hears of it as it would from a
 * person. */
static void end_input(struct relay *r)
{
	if (r->input.from >= 0 || r->in_is_tty || !is_empty(&r->input))
		return;
	r->input.data[0] = END_OF_INPUT;
	r->input.start = 0;
	r->input.end = 1;
	r->in_is_tty = true; /* said once */
}

void relay_move(struct relay *r, const struct pollfd fds[RELAY_POLLFDS])
{
	move(&r->input, fds);
	end_input(r);
	move(&r->output, fds + 2);
}

void relay_drain(struct relay *r)
{
	struct relay_pipe *p = &r->output;
	struct pollfd fds[2];

	/* Only our own reader is waited for; the pty has all the dead process wrote, and EAGAIN
	 * ends it when somebody else of the container holds the terminal. */
	for (;;) {
		if (is_empty(p) && p->from >= 0)
			fill(p);
		if (is_empty(p))
			return;
		poll_pipe(p, fds);
		if (poll(fds, 2, -1) >= 0)
			flush(p);
	}
}

void relay_close(struct relay *r)
{
	tty_restore(&r->saved);
	if (r->in_owned)
		(void)close(r->infd);
	else
		(void)fd_set_nonblock(r->infd, false, NULL);
	if (r->out_owned)
		(void)close(r->outfd);
	else
		(void)fd_set_nonblock(r->outfd, false, NULL);
}
