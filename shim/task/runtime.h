/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's command lines, and what it said when it failed.  Pure but for runtime_run_delete().
 */
#ifndef SHIM_TASK_RUNTIME_H
#define SHIM_TASK_RUNTIME_H

#include "libutil/err.h"
#include "libutil/strv.h"
#include "shim/record/record.h"

#define RUNTIME_CALLS(X)                                                                           \
	X(CREATE, "create")                                                                        \
	X(START, "start")                                                                          \
	X(DELETE, "delete")                                                                        \
	X(DELETE_FORCE, "delete --force")

#define X(name, text) RUNTIME_##name,
enum runtime_call { RUNTIME_CALLS(X) RUNTIME_CALL_COUNT };
#undef X

const char *runtime_call_name(enum runtime_call c);

/* Append the command line.  `dir` is the record's absolute path; `console` is the socket for the
 * terminal or NULL.  The runtime's own arguments come after ours, so that they win. */
void runtime_argv(struct strv *argv, enum runtime_call call, const struct record *rec,
		  const char *dir, const char *console);

/* The reason of a failure: the last error in the JSON lines of `log`, else the last line of
 * `output` (what came on stderr), else how the program ended.  Sets `e`, returns -EREMOTEIO. */
int runtime_failure(enum runtime_call call, const char *log, const char *output, int wait_status,
		    struct err *e);

/* Have the runtime remove whatever it still knows of the container, however that is.  Waits. */
int runtime_delete_forced(const struct record *rec, const char *dir, struct err *e);

#endif
