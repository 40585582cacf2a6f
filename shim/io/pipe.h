/* SPDX-License-Identifier: Apache-2.0 */
/* The pipes between a process and its supervisor. */
#ifndef SHIM_IO_PIPE_H
#define SHIM_IO_PIPE_H

#include "libutil/err.h"
#include "shim/io/input.h"
#include "shim/io/output.h"

/* A pipe that processes of every user can open anew, as /dev/stdout is through /proc.  Both ends
 * are owned by the caller. */
int pipe_make(int *ret_reader, int *ret_writer, struct err *e);

/* A pipe whose reading end goes to `out`; the caller owns *ret_writer. */
int pipe_to_output(struct output *out, enum stream tag, int *ret_writer, struct err *e);
/* A pipe whose writing end goes to `in`; the caller owns *ret_reader. */
int pipe_from_input(struct input *in, int *ret_reader, struct err *e);

#endif
