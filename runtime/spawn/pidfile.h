/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --pid-file: a decimal number and nothing else, not even a newline, there whole or not
 * at all. */
#ifndef RUNTIME_SPAWN_PIDFILE_H
#define RUNTIME_SPAWN_PIDFILE_H

#include <sys/types.h>

#include "libutil/err.h"

int pidfile_write(const char *path, pid_t pid, struct err *e);

#endif
