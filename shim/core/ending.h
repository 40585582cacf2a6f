/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only the parent of a process learns how it ended.  The runtime creel shows it
 * (`creel state`: reason, signal, exit status) when it is told by the file
 * exit.json in the container's state directory before `creel delete`.
 */
#ifndef SHIM_CORE_ENDING_H
#define SHIM_CORE_ENDING_H

#include <sys/types.h>

#include "shim/core/runtime.h"

/* Tell it.  Where there is no state directory of creel's for a container of that id with that
 * process, nothing is written: another runtime has no use for it. */
void ending_tell(const struct runtime *rt, const char *id, pid_t pid, int wait_status);

#endif
