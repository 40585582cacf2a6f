/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the start gate. */
#ifndef RUNTIME_CREATION_START_H
#define RUNTIME_CREATION_START_H

#include "runtime/container/store.h"

/* Let a created container execute its program, wait until it does, run poststart hooks (a failing
 * one ends and deletes the container), and, with NOTIFY_SOCKET, wait until the program says it is
 * ready. */
int container_start(const struct store *s, const char *id, struct err *e);

#endif
