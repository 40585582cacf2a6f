/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors handed to whoever called us, over a unix stream socket: the pty master, a pidfd. */
#ifndef RUNTIME_SPAWN_CONSOLE_H
#define RUNTIME_SPAWN_CONSOLE_H

#include "oci-spec/runtime_spec.h"

/*
 * A terminal needs somebody to hold its master: us while we stay in the foreground, else the
 * listener of
 * --console-socket.  Without a terminal, or in the foreground, a socket would wait for ever.
 */
int console_check(bool terminal, bool detached, const char *socket_path, struct err *e);

/* Connect to a listener; without a path nothing is done and *ret_fd stays as it is.  `option` names
 * the option in messages.  *ret_fd is the caller's. */
int console_connect(const char *option, const char *path, int *ret_fd, struct err *e);

/* One message: the pty's name as payload, the master beside it. */
int console_send(int sock, int masterfd, struct err *e);
/* One message: "pidfd", and the pidfd beside it. */
int console_send_pidfd(int sock, int pidfd, struct err *e);

/* Set what consoleSize says; absent or half given is no change. */
int console_resize(int masterfd, const struct spec_console_size *size, struct err *e);
/* The size of our own window, if we have one. */
void console_resize_as_ours(int masterfd);

#endif
