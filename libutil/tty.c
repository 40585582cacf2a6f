/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/tty.h"

#include <errno.h>
#include <sys/ioctl.h>

int tty_raw(int fd, struct tty_saved *saved, struct err *e)
{
	struct termios raw;

	saved->fd = -1;
	if (tcgetattr(fd, &saved->attr) < 0) {
		if (errno == ENOTTY || errno == EINVAL)
			return 0;
		return err_sys(e, "read terminal settings");
	}
	raw = saved->attr;
	cfmakeraw(&raw);
	/* Output keeps its newline translation: our own messages still start at the margin, and
	 * the pty on the other side is told by tty_no_onlcr() not to translate as well. */
	raw.c_oflag = saved->attr.c_oflag;
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return err_sys(e, "set terminal to raw mode");
	saved->fd = fd;
	return 0;
}

void tty_restore(struct tty_saved *saved)
{
	if (saved->fd >= 0)
		(void)tcsetattr(saved->fd, TCSANOW, &saved->attr);
	saved->fd = -1;
}

int tty_get_size(int fd, unsigned short *rows, unsigned short *cols, struct err *e)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return err_sys(e, "read terminal size");
	*rows = size.ws_row;
	*cols = size.ws_col;
	return 0;
}

int tty_set_size(int fd, unsigned short rows, unsigned short cols, struct err *e)
{
	struct winsize size = { .ws_row = rows, .ws_col = cols };

	if (ioctl(fd, TIOCSWINSZ, &size) < 0)
		return err_sys(e, "set terminal size to %hux%hu", cols, rows);
	return 0;
}

int tty_no_onlcr(int fd, struct err *e)
{
	struct termios attr;

	if (tcgetattr(fd, &attr) < 0)
		return err_sys(e, "read terminal settings");
	attr.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(fd, TCSANOW, &attr) < 0)
		return err_sys(e, "set terminal to pass newlines");
	return 0;
}
