/* SPDX-License-Identifier: Apache-2.0 */
/* The socket by which a runtime hands over the master end of the terminal it made. */
#ifndef SHIM_CORE_CONSOLE_H
#define SHIM_CORE_CONSOLE_H

#include "libutil/err.h"

/* "/proc/PID/fd/N/NAME" */
#define CONSOLE_PATH_SIZE 96

struct console {
	int dirfd;  /* the caller's */
	int listen; /* owned; -1: none */
	char name[32];
};

#define CONSOLE_NONE ((struct console){ .dirfd = -1, .listen = -1 })

/* Listen below a directory that only we may write; `serial` is one that no other console there has.
 */
int console_listen(struct console *c, int dirfd, unsigned serial, struct err *e);
/* A path for the runtime: those of sockets are limited to 108 bytes, and the way through our own
 * descriptor is short and as good. */
const char *console_path(const struct console *c, char buf[CONSOLE_PATH_SIZE]);
/* Take the master end that the runtime has sent by the end of its call, and stop to listen.
 * Returns a descriptor that the caller owns. */
int console_receive(struct console *c, struct err *e);
/* Harmless on one that does not listen. */
void console_close(struct console *c);

#endif
