/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/plain_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "imagetool/registry/url.h"
#include "libutil/fd.h"
#include "libutil/parse.h"

/* A server of this machine has answered long before; one that has not gets a full handshake. */
#define PATIENCE_MS 250

/*
 * RFC 5246 sections 6.2.1 and 7.4.1.2: a ClientHello that any server understands and need not like.
 * The end of its random bytes also ends the line, and the headers, that a server of HTTP waits for.
 */
static const unsigned char greeting[] = {
	0x16, 3,   1,    0,    47,                     /* record: handshake */
	1,    0,   0,    43,                           /* ClientHello */
	3,    3,                                       /* TLS 1.2 */
	'a',  'r', 'e',  ' ',  'y',  'o',  'u',  ' ',  /* random */
	'a',  ' ', 's',  'e',  'r',  'v',  'e',  'r',  /* . */
	' ',  'o', 'f',  ' ',  'T',  'L',  'S',  ' ',  /* . */
	'?',  '?', '?',  '?',  '\r', '\n', '\r', '\n', /* . */
	0,                                             /* no session */
	0,    4,   0xc0, 0x2b, 0xc0, 0x2f,             /* ECDHE with AES-128-GCM */
	1,    0,                                       /* no compression */
};
static const char status_line[] = "HTTP/";

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool parse_address(const char *host, uint16_t port, union address *ret, socklen_t *ret_len)
{
	*ret = (union address){ 0 };
	if (inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(port);
		*ret_len = sizeof(ret->v4);
		return true;
	}
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons(port);
	*ret_len = sizeof(ret->v6);
	return inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1;
}

/* false when it is late or a signal came. */
static bool wait_ready(int fd, short events, int wakefd)
{
	struct pollfd fds[] = { { .fd = fd, .events = events },
				{ .fd = wakefd, .events = POLLIN } };

	return poll(fds, ARRAY_LEN(fds), PATIENCE_MS) > 0 && !fds[1].revents;
}

/* A descriptor, or -1. */
static int greet(const char *host, uint16_t port, int wakefd)
{
	union address address;
	socklen_t len;
	autofd int fd = -1;

	if (!parse_address(host, port, &address, &len))
		return -1;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, &address.any, len) < 0 &&
	    (errno != EINPROGRESS || !wait_ready(fd, POLLOUT, wakefd)))
		return -1;
	/* Fails where the connection did. */
	if (send(fd, greeting, sizeof(greeting), MSG_NOSIGNAL) != (ssize_t)sizeof(greeting))
		return -1;
	return steal_fd(&fd);
}

static bool answers_in_http(int fd, int wakefd)
{
	char answer[sizeof(status_line) - 1];

	/* So few bytes do not come in pieces; if they did, the answer would be no. */
	return wait_ready(fd, POLLIN, wakefd) &&
	       recv(fd, answer, sizeof(answer), 0) == (ssize_t)sizeof(answer) &&
	       memcmp(answer, status_line, sizeof(answer)) == 0;
}

/* In the order in which libcurl tries them. */
static const char *const addresses_of_localhost[] = { "::1", "127.0.0.1" };

bool plain_http_is_spoken(const char *authority, int wakefd)
{
	const char *colon = strrchr(authority, ':');
	char host[URL_HOST_SIZE];
	autofd int fd = -1;
	uint32_t port;

	if (url_split_host(authority, host, NULL) < 0 || !host_is_loopback(host) || !colon ||
	    parse_u32(colon + 1, &port) < 0 || port > UINT16_MAX)
		return false;
	if (!streq(host, "localhost"))
		fd = greet(host, (uint16_t)port, wakefd);
	for (size_t i = 0; streq(host, "localhost") && i < ARRAY_LEN(addresses_of_localhost); i++) {
		fd = greet(addresses_of_localhost[i], (uint16_t)port, wakefd);
		if (fd >= 0)
			break;
	}
	return fd >= 0 && answers_in_http(fd, wakefd);
}
