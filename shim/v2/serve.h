/* SPDX-License-Identifier: Apache-2.0 */
/* The server that `start` leaves behind: Task services on a socket, until Shutdown. */
#ifndef SHIM_V2_SERVE_H
#define SHIM_V2_SERVE_H

#include "libutil/err.h"

/* Strings stay as long as it runs. */
struct v2_serve {
	int listenfd;            /* taken */
	const char *socket_path; /* removed at the end; NULL: left alone */
	const char *namespace_name;
	const char *grpc_address, *ttrpc_address, *publish_binary; /* for events */
};

/* Until Shutdown, SIGTERM or SIGINT: the return value is the program's exit status, or negative
 * when it could not begin.  The working directory is a bundle, where sockets for terminals are
 * made. */
int v2_serve(const struct v2_serve *s, struct err *e);

#endif
