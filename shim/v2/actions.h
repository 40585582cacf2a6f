/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program does for containerd besides serving.  Each writes its answer
 * to `out`, which is printed when all went well; nothing else may be printed,
 * for containerd reads both outputs as one.
 */
#ifndef SHIM_V2_ACTIONS_H
#define SHIM_V2_ACTIONS_H

#include "shim/v2/args.h"

/* A server for the task in the working directory, a new one or that of its pod. */
int v2_start(const struct v2_args *args, struct strbuf *out, struct err *e);
/* Clear away a task whose server is gone. */
int v2_delete(const struct v2_args *args, struct strbuf *out, struct err *e);
/* What the runtime can do. */
int v2_info(const struct v2_args *args, struct strbuf *out, struct err *e);

/* All of standard input. */
int v2_read_input(struct strbuf *ret, struct err *e);

#endif
