/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listener of --console-socket, as a terminal's owner would be.
 *
 *     recvtty [-p FILE] SOCKET
 *
 * Listens on SOCKET, takes one connection and the descriptor that comes with its
 * message, then copies standard input to the terminal and the terminal to
 * standard output until the other side is closed.  -p: write the message's text,
 * the terminal's name, to FILE.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/file.h"

/* The name appears once somebody listens: whoever waits for it can connect. */
static int listen_at(const char *path, struct err *e)
{
	autofree char *fresh = xasprintf("%s.new", path);
	int fd = fd_unix_listen_at(AT_FDCWD, fresh, SOCK_STREAM, 0600, e);

	if (fd >= 0 && rename(fresh, path) < 0) {
		(void)close(fd);
		return err_sys(e, "rename '%s'", fresh);
	}
	return fd;
}

static int receive(const char *path, const char *name_file, struct err *e)
{
	autofd int listener = listen_at(path, e);
	autofd int sock = -1;
	int fds[FD_PASS_MAX];
	size_t n = 0;
	char name[256];
	int r = listener;

	if (r < 0)
		return r;
	sock = accept(listener, NULL, NULL);
	if (sock < 0)
		return err_sys(e, "accept");
	r = fd_recv(sock, name, sizeof(name) - 1, fds, &n, e);
	if (r < 0)
		return r;
	if (n != 1)
		return err_set(e, EPROTO, "%zu descriptors came, not one", n);
	name[r] = '\0';
	if (name_file) {
		r = file_replace_at(AT_FDCWD, name_file, name, strlen(name), 0644, FILE_NO_SYNC, e);
		if (r < 0)
			return r;
	}
	return fds[0];
}

/* True while there may be more. */
static bool copy(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	return n > 0 && file_write_all(to, buf, (size_t)n, NULL) >= 0;
}

static void relay(int masterfd)
{
	struct pollfd fds[] = { { .fd = masterfd, .events = POLLIN },
				{ .fd = STDIN_FILENO, .events = POLLIN } };

	for (;;) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0)
			return;
		if (fds[0].revents && !copy(masterfd, STDOUT_FILENO))
			return;
		if (fds[1].revents && !copy(STDIN_FILENO, masterfd))
			fds[1].fd = -1;
	}
}

int main(int argc, char **argv)
{
	const char *name_file = NULL;
	struct err e = { 0 };
	int masterfd;
	int opt;

	while ((opt = getopt(argc, argv, "p:")) == 'p')
		name_file = optarg;
	if (opt != -1 || optind + 1 != argc) {
		(void)fprintf(stderr, "usage: recvtty [-p FILE] SOCKET\n");
		return 2;
	}
	masterfd = receive(argv[optind], name_file, &e);
	if (masterfd < 0) {
		(void)fprintf(stderr, "recvtty: %s\n", e.msg);
		return 1;
	}
	relay(masterfd);
	return 0;
}
