/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes between our standard input and output and a pty master.  Each direction
 * has one buffer; a side that does not take bytes stops only the direction that
 * writes to it.
 */
#ifndef RUNTIME_SPAWN_RELAY_H
#define RUNTIME_SPAWN_RELAY_H

#include <poll.h>
#include <stddef.h>

#include "libutil/err.h"
#include "libutil/tty.h"

#define RELAY_BUFFER 16384

struct relay_pipe {
	int from, to; /* -1: closed */
	size_t start, end;
	char data[RELAY_BUFFER];
};

struct relay {
	int masterfd; /* borrowed */
	int infd,
		outfd; /* our own open files of descriptors 0 and 1, non-blocking where possible */
	bool in_owned, out_owned;
	struct tty_saved saved;
	bool in_is_tty; /* or the end of input was told already */
	struct relay_pipe input, output;
};

/* Our terminal goes raw. */
int relay_open(struct relay *r, int masterfd, struct err *e);
/* What to wait for: two entries for each pipe. */
#define RELAY_POLLFDS 4
void relay_poll(const struct relay *r, struct pollfd fds[RELAY_POLLFDS]);
void relay_move(struct relay *r, const struct pollfd fds[RELAY_POLLFDS]);
/* The process has ended: pass on what it has written, without waiting for more. */
void relay_drain(struct relay *r);
void relay_close(struct relay *r);

#endif
