/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: hostile_web DIR LOGFILE [ADDRESS]
 *
 * A web server that says whatever a test wrote: the answer to GET /a/b is the file DIR/a@b, byte by
 * byte, status line and headers included.  Files beside it say what comes then:
 *
 *     a@b.304      is the answer instead when the request has a condition
 *     a@b.endless  these bytes again and again
 *     a@b.slowly   these bytes, one in a second
 *     a@b.hang     nothing, and the connection stays
 *
 * Listens on a free port of ADDRESS, 127.0.0.1 without it, and prints it.  LOGFILE has the requests
 * with their headers.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/macro.h"

#define REQUEST_MAX 65536
#define ANSWER_MAX  (64 << 20)

static bool send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* False: no such file. */
static bool load(int dirfd, const char *name, const char *suffix, char **ret, size_t *ret_len)
{
	autofree char *path = xasprintf("%s%s", name, suffix);
	autofd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (size < 0 || size > ANSWER_MAX)
		return false;
	*ret = xcalloc((size_t)size + 1, 1);
	*ret_len = (size_t)size;
	return pread(fd, *ret, (size_t)size, 0) == (ssize_t)size;
}

static void go_on(int dirfd, const char *name, int fd)
{
	autofree char *endless = NULL, *slowly = NULL, *hang = NULL;
	size_t len;

	if (load(dirfd, name, ".endless", &endless, &len))
		while (send_all(fd, endless, len))
			;
	if (load(dirfd, name, ".slowly", &slowly, &len))
		for (size_t i = 0; i < len && send_all(fd, slowly + i, 1); i++)
			(void)sleep(1);
	if (load(dirfd, name, ".hang", &hang, &len))
		for (;;)
			(void)pause();
}

/* The path of a request as a file's name. */
static void name_of(const char *request, char ret[256])
{
	const char *path = strchr(request, '/');
	size_t len = path ? strcspn(path + 1, " ?\r\n") : 0;

	(void)snprintf(ret, 256, "%.*s", (int)len, path ? path + 1 : "");
	for (char *p = ret; *p; p++)
		if (*p == '/')
			*p = '@';
}

static void serve(int dirfd, int fd, int logfd)
{
	char text[REQUEST_MAX], name[256];
	autofree char *answer = NULL;
	size_t len = 0, answer_len = 0;
	bool asks;

	do {
		ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, 0);

		if (n <= 0)
			return;
		len += (size_t)n;
		text[len] = '\0';
	} while (!strstr(text, "\r\n\r\n") && len + 1 < sizeof(text));
	(void)dprintf(logfd, "%s", text);
	name_of(text, name);
	asks = strstr(text, "\r\nIf-None-Match:") || strstr(text, "\r\nIf-Modified-Since:");
	if ((asks && load(dirfd, name, ".304", &answer, &answer_len)) ||
	    load(dirfd, name, "", &answer, &answer_len)) {
		if (send_all(fd, answer, answer_len))
			go_on(dirfd, name, fd);
	} else {
		(void)dprintf(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
				  "Connection: close\r\n\r\n");
	}
	(void)shutdown(fd, SHUT_WR);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int dirfd = argc >= 3 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int logfd = argc >= 3 ? open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;

	if (argc == 4)
		addr.sin_addr.s_addr = inet_addr(argv[3]);
	if (dirfd < 0 || logfd < 0 || bind(listener, (struct sockaddr *)&addr, len) < 0 ||
	    listen(listener, 64) < 0 || getsockname(listener, (struct sockaddr *)&addr, &len) < 0) {
		perror("hostile_web DIR LOGFILE [ADDRESS]");
		return 1;
	}
	(void)signal(SIGCHLD, SIG_IGN);
	(void)printf("%u\n", (unsigned)ntohs(addr.sin_port));
	(void)fflush(stdout);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(dirfd, fd, logfd);
			_exit(0);
		}
		(void)close(fd);
	}
}
