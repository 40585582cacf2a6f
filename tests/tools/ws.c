/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of Kubernetes' streaming protocol over a websocket (v4.channel.k8s.io), for tests that
 * play kubectl: the first byte of a message is its channel.
 *
 *     ws exec URL       stdin to channel 0, channels 1 and 2 to stdout and stderr; the exit status
 *                       is what channel 3 says
 *     ws forward URL    stdin to channel 0 (the first port), what comes on it to stdout
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };
#define MESSAGE_MAX (1 << 20)

static int sock;

static void write_whole(int fd, const void *data, size_t len)
{
	for (const char *p = data; len > 0;) {
		ssize_t n = write(fd, p, len);

		if (n < 0)
			err(1, "write");
		p += n;
		len -= (size_t)n;
	}
}

static bool read_whole(void *data, size_t len)
{
	for (char *p = data; len > 0;) {
		ssize_t n = read(sock, p, len);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* A mask of zeros is a mask. */
static void send_frame(int op, const void *data, size_t len)
{
	uint8_t head[14] = { (uint8_t)(0x80 | op) };
	size_t n = 2;

	if (len < 126) {
		head[1] = (uint8_t)(0x80 | len);
	} else {
		head[1] = 0x80 | 126;
		head[2] = (uint8_t)(len >> 8);
		head[3] = (uint8_t)len;
		n = 4;
	}
	write_whole(sock, head, n + 4);
	write_whole(sock, data, len);
}

/* Returns the length, -1 at the end. */
static ssize_t read_frame(int *ret_op, uint8_t *data)
{
	uint8_t head[2], more[8];
	uint64_t len;
	size_t n;

	if (!read_whole(head, 2))
		return -1;
	*ret_op = head[0] & 15;
	len = head[1] & 127;
	n = len == 126 ? 2 : len == 127 ? 8 : 0;
	if (n && !read_whole(more, n))
		return -1;
	if (n)
		len = 0;
	for (size_t i = 0; i < n; i++)
		len = len << 8 | more[i];
	if (len > MESSAGE_MAX)
		errx(1, "a message of %llu bytes", (unsigned long long)len);
	return read_whole(data, len) ? (ssize_t)len : -1;
}

/* http://HOST:PORT/PATH */
static void open_url(const char *url)
{
	char host[64], port[8], head[512], c[4] = "";
	struct addrinfo *ai;
	int path = 0;

	if (sscanf(url, "http://%63[^:]:%7[0-9]%n", host, port, &path) != 2 || path == 0)
		errx(2, "no http://HOST:PORT/PATH: '%s'", url);
	if (getaddrinfo(host, port, &(struct addrinfo){ .ai_socktype = SOCK_STREAM }, &ai) != 0)
		errx(1, "no address for '%s'", host);
	sock = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || connect(sock, ai->ai_addr, ai->ai_addrlen) < 0)
		err(1, "connect to %s:%s", host, port);
	freeaddrinfo(ai);
	dprintf(sock,
		"GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
		"Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n",
		url + path, host, port);
	for (size_t n = 0; memcmp(c, "\r\n\r\n", 4) != 0; n++) {
		memmove(c, c + 1, 3);
		if (n + 1 >= sizeof(head) || !read_whole(&c[3], 1))
			errx(1, "no answer to the upgrade");
		head[n] = c[3];
		head[n + 1] = '\0';
	}
	if (!strstr(head, " 101 "))
		errx(1, "refused: %s", head);
}

/* {"status":"Failure",...,"causes":[{"reason":"ExitCode","message":"3"}]} */
static int exit_code(const char *status)
{
	const char *cause = strstr(status, "\"reason\":\"ExitCode\",\"message\":\"");

	if (strstr(status, "\"status\":\"Success\""))
		return 0;
	if (!cause)
		errx(1, "%s", status);
	return atoi(strrchr(cause, ':') > cause ? strstr(cause, "message\":\"") + 10 : "1");
}

static bool pass_input(void)
{
	char buf[1 + 4096];
	ssize_t n = read(0, buf + 1, sizeof(buf) - 1);

	if (n <= 0)
		return false;
	buf[0] = 0;
	send_frame(OP_BINARY, buf, (size_t)n + 1);
	return true;
}

int main(int argc, char **argv)
{
	static uint8_t data[MESSAGE_MAX + 1];
	struct pollfd p[2] = { { .fd = -1, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
	bool forward = argc == 3 && strcmp(argv[1], "forward") == 0;
	int code = 1, heads = forward ? 2 : 0;

	if (argc != 3)
		errx(2, "usage: ws exec|forward URL");
	open_url(argv[2]);
	p[0].fd = sock;
	for (;;) {
		int op = 0;
		ssize_t n;

		if (poll(p, 2, -1) < 0)
			err(1, "poll");
		if (p[1].revents && !pass_input())
			p[1].fd = -1;
		if (!p[0].revents)
			continue;
		n = read_frame(&op, data);
		if (n < 0 || op == OP_CLOSE)
			return forward ? 0 : code;
		if (op == OP_PING)
			send_frame(OP_PONG, data, (size_t)n);
		if (op > OP_BINARY || n < 1)
			continue;
		data[n] = '\0';
		if (forward && heads > 0)
			heads--; /* the port's number, once on each channel */
		else if (forward && data[0] == 1)
			errx(1, "%s", (char *)data + 1);
		else if (!forward && data[0] == 3)
			code = exit_code((char *)data + 1);
		else
			write_whole(!forward && data[0] == 2 ? 2 : 1, data + 1, (size_t)n - 1);
	}
}
