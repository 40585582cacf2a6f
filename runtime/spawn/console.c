/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/console.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/tty.h"

int console_check(bool terminal, bool detached, const char *socket_path, struct err *e)
{
	if (terminal && detached && !socket_path)
		return err_set(e, EINVAL,
			       "a detached container with a terminal needs --console-socket");
	if (!terminal && socket_path)
		return err_set(e, EINVAL, "--console-socket needs process.terminal to be true");
	if (!detached && socket_path)
		return err_set(e, EINVAL, "--console-socket needs --detach");
	return 0;
}

int console_connect(const char *option, const char *path, int *ret_fd, struct err *e)
{
	int fd = path ? fd_unix_connect_at(AT_FDCWD, path, SOCK_STREAM, e) : 0;

	if (fd < 0)
		return err_wrap(e, fd, "%s", option);
	if (path)
		*ret_fd = fd;
	return 0;
}

int console_send(int sock, int masterfd, struct err *e)
{
	char name[32];
	unsigned number = 0;
	int r;

	if (ioctl(masterfd, TIOCGPTN, &number) < 0)
		return err_sys(e, "--console-socket: ask the terminal for its name");
	(void)snprintf(name, sizeof(name), "/dev/pts/%u", number);
	r = fd_send(sock, name, strlen(name), &masterfd, 1, e);
	return r < 0 ? err_wrap(e, r, "--console-socket") : 0;
}

int console_send_pidfd(int sock, int pidfd, struct err *e)
{
	int r = fd_send(sock, "pidfd", strlen("pidfd"), &pidfd, 1, e);

	return r < 0 ? err_wrap(e, r, "--pidfd-socket") : 0;
}

int console_resize(int masterfd, const struct spec_console_size *size, struct err *e)
{
	if (!size || !size->height.set || !size->width.set)
		return 0;
	if (size->height.v > USHRT_MAX || size->width.v > USHRT_MAX)
		return err_set(e, ERANGE, "config.json: process.consoleSize: larger than %d",
			       USHRT_MAX);
	return tty_set_size(masterfd, (unsigned short)size->height.v, (unsigned short)size->width.v,
			    e);
}

void console_resize_as_ours(int masterfd)
{
	unsigned short rows = 0;
	unsigned short cols = 0;
	int fd = STDIN_FILENO;

	/* Input may come from elsewhere while somebody watches the output. */
	while (fd <= STDERR_FILENO && tty_get_size(fd, &rows, &cols, NULL) < 0)
		fd++;
	if (rows > 0)
		(void)tty_set_size(masterfd, rows, cols, NULL);
}
