/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits for a program in a namespace hands it the signals that were meant for it. */
#ifndef IMAGETOOL_MOUNT_USERNS_WAIT_H
#define IMAGETOOL_MOUNT_USERNS_WAIT_H

#include <signal.h>
#include <sys/types.h>

#include "libutil/err.h"

/* Before the child is made: holds the signals back. `before` is what the child sets again. */
void userns_hold_signals(sigset_t *before);
/* Waits for the child.  What others sent goes on to it; what the terminal sent it has got itself.
 * *ret_status is a wait(2) status. */
int userns_wait(pid_t pid, int *ret_status, struct err *e);

#endif
