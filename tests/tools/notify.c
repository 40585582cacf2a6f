/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Send one datagram to $NOTIFY_SOCKET, from inside a container without systemd's tools.
 *
 *     notify TEXT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || !path || strlen(path) >= sizeof(sa.sun_path) || fd < 0)
		return 2;
	memcpy(sa.sun_path, path, strlen(path));
	if (sendto(fd, argv[1], strlen(argv[1]), 0, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		perror("notify");
		return 1;
	}
	return 0;
}
