/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"

/* One line, whole. */
static int cut_line(char *text, size_t len, struct err *e)
{
	size_t line;

	text[len] = '\0';
	line = strcspn(text, "\r\n");
	if (strlen(text) != len || strspn(text + line, "\r\n") != len - line)
		return err_set(e, EINVAL, "a secret is one line of text");
	text[line] = '\0';
	return line > 0 ? 0 : err_set(e, EINVAL, "the secret is empty");
}

int secret_from_stdin(char buf[SECRET_SIZE], struct err *e)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, buf + len, SECRET_SIZE - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read the password from standard input");
		if (n == 0)
			return cut_line(buf, len, e);
		len += (size_t)n;
		if (len == SECRET_SIZE - 1)
			return err_set(e, EFBIG, "the password is longer than %d bytes",
				       SECRET_SIZE - 2);
	}
}

/* ---- The terminal ---- */

struct hush {
	int fd; /* -1: nothing to restore */
	struct termios before;
};

static void hush_end(struct hush *h)
{
	if (h->fd < 0)
		return;
	(void)tcsetattr(h->fd, TCSAFLUSH, &h->before);
	(void)!write(h->fd, "\n", 1);
}
AUTO_DEFINE_DONE(hush, hush_end)

static int hush_begin(int fd, struct hush *h, struct err *e)
{
	struct termios quiet;

	if (tcgetattr(fd, &h->before) < 0)
		return err_sys(e, "read terminal settings");
	quiet = h->before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0)
		return err_sys(e, "keep the terminal from showing the password");
	h->fd = fd;
	return 0;
}

/* A line is there, or a signal came. */
static int wait_line(int fd, int wakefd, struct err *e)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = wakefd, .events = POLLIN } };

	while (poll(p, 2, -1) < 0) {
		if (errno != EINTR)
			return err_sys(e, "wait for the terminal");
	}
	return p[1].revents ? err_set(e, EINTR, "interrupted by a signal") : 0;
}

static int read_line(int fd, int wakefd, char buf[SECRET_SIZE], struct err *e)
{
	ssize_t n;
	int r = wait_line(fd, wakefd, e);

	if (r < 0)
		return r;
	n = read(fd, buf, SECRET_SIZE - 1);
	if (n < 0)
		return err_sys(e, "read the terminal");
	return cut_line(buf, (size_t)n, e);
}

int secret_ask(const char *prompt, bool echo, int wakefd, char buf[SECRET_SIZE], struct err *e)
{
	autofd int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	auto_(hush) struct hush hush = { .fd = -1 };
	int r;

	if (tty < 0)
		return err_set(e, ENOTTY,
			       "there is no terminal to ask '%s' on: give --username and "
			       "--password-stdin (or --creds USER and --password-stdin)",
			       prompt);
	/* Silent before it asks: what is typed at once is neither shown nor thrown away. */
	r = echo ? 0 : hush_begin(tty, &hush, e);
	if (r >= 0)
		r = file_write_all(tty, prompt, strlen(prompt), e);
	if (r >= 0)
		r = file_write_all(tty, ": ", 2, e);
	return r < 0 ? r : read_line(tty, wakefd, buf, e);
}
