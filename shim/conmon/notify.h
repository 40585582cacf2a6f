/* SPDX-License-Identifier: Apache-2.0 */
/* The socket BUNDLE/notify/notify.sock, from which a container's sd_notify messages go on to the
 * host's. */
#ifndef SHIM_CONMON_NOTIFY_H
#define SHIM_CONMON_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "libutil/loop.h"

struct notify {
	struct loop *loop;
	struct loop_source src;
	int fd;   /* the container's side; -1: not open */
	int host; /* unconnected: the service manager may be restarted */
	struct sockaddr_un to;
	socklen_t to_len;
};

void notify_init(struct notify *n, struct loop *loop);
void notify_done(struct notify *n);
int notify_open(struct notify *n, const char *bundle, const char *host, struct err *e);
/* Pass on what waits; for the end, when the loop will not run again. */
void notify_drain(struct notify *n);

#endif
