/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's input: a pipe or its terminal.  Takes a packet at a time;
 * what the container does not read yet is kept, and whoever sends is asked to
 * wait, so at most one packet is held.
 */
#ifndef SHIM_IO_INPUT_H
#define SHIM_IO_INPUT_H

#include <stdbool.h>

#include "libutil/loop.h"

struct input {
	struct loop *loop;
	int fd;       /* owned, non-blocking; -1: input is dropped */
	bool awaited; /* the descriptor is still to come: whoever sends is asked to wait */
	struct loop_source src;
	char *held; /* owned; what could not be written yet */
	size_t len, done;
	bool close_after;                     /* close once `held` is written */
	void (*ready)(void *ctx, bool ready); /* more is welcome, or not */
	void *ctx;
};

void input_init(struct input *in, struct loop *loop);
void input_done(struct input *in);
/* Takes `fd`; who waited for it is asked to go on. */
int input_open(struct input *in, int fd, struct err *e);
/* Only while input_is_ready(). */
void input_write(struct input *in, const char *data, size_t len);
bool input_is_ready(const struct input *in);
/* The container reads to its end, then finds end of file. */
void input_close(struct input *in);

#endif
