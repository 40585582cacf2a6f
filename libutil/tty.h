/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals: raw mode, window size. */
#ifndef LIBUTIL_TTY_H
#define LIBUTIL_TTY_H

#include <termios.h>

#include "libutil/err.h"

struct tty_saved {
	int fd; /* -1 when nothing has to be restored */
	struct termios attr;
};

/* Raw mode for input; output keeps its newline translation.  Remembers how to come back.
 * Not a terminal is not an error: saved->fd becomes -1. */
int tty_raw(int fd, struct tty_saved *saved, struct err *e);
void tty_restore(struct tty_saved *saved);
int tty_get_size(int fd, unsigned short *rows, unsigned short *cols, struct err *e);
int tty_set_size(int fd, unsigned short rows, unsigned short cols, struct err *e);
/* Clear ONLCR on a pty, so that output passes as written. */
int tty_no_onlcr(int fd, struct err *e);

#endif
