/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C while something half-made lies on the disk: the signals are held back,
 * long work asks for them now and then and fails, the caller cleans up, and
 * releasing them ends the process the way the signal would have.
 */
#ifndef IMAGETOOL_INTERRUPT_H
#define IMAGETOOL_INTERRUPT_H

#include <signal.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"

struct interrupt {
	sigset_t before;
	bool held;
};

void interrupt_hold(struct interrupt *i);
void interrupt_release(struct interrupt *i);
AUTO_DEFINE_DONE(interrupt, interrupt_release)

/* 0, or -EINTR when one of the signals is waiting.  Harmless when they are not held. */
int interrupt_check(struct err *e);

/* Before a read(2) that may wait for ever, from a pipe or terminal: 0 when there is something to
 * read, -EINTR when a held signal came first. */
int interrupt_wait_input(int fd, struct err *e);

/* A whole file that a person named, as file_read_at() reads it.  A FIFO's writer is waited for
 * like that, before it opens the FIFO too. */
int interrupt_read_file(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e);

#endif
