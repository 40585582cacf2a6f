/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's readiness protocol through the wall: a container made while
 * NOTIFY_SOCKET was set sees a socket at /run/notify/notify.sock.  `start` (or
 * `run`) listens at its other end, in the state directory, passes READY=1 on to
 * the socket it was given itself, and says which process is the main one.
 * The container is not trusted: nothing but READY is passed on.
 */
#ifndef RUNTIME_CREATION_NOTIFY_SOCKET_H
#define RUNTIME_CREATION_NOTIFY_SOCKET_H

#include <sys/types.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"

#define NOTIFY_SOCKET_NAME "notify.sock"

struct notify_socket {
	int fd; /* where the container writes; -1: nobody asked */
};
#define NOTIFY_SOCKET_NONE                                                                         \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* Listen below a state directory when NOTIFY_SOCKET is set and the container was made with it. */
int notify_socket_open(struct notify_socket *n, int dirfd, struct err *e);
/* Wait for READY or for the end of the process, and report it. */
int notify_socket_forward(const struct notify_socket *n, int pidfd, pid_t pid, struct err *e);
void notify_socket_done(struct notify_socket *n);
AUTO_DEFINE_DONE(notify_socket, notify_socket_done)

#endif
