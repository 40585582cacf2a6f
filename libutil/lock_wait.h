/* SPDX-License-Identifier: Apache-2.0 */
/* flock(2): locks that end with their holder, however that ends; waiting for one can be given up.
 */
#ifndef LIBUTIL_LOCK_WAIT_H
#define LIBUTIL_LOCK_WAIT_H

#include <stdbool.h>

#include "libutil/err.h"

/* `how` as flock() has it.  -EWOULDBLOCK with LOCK_NB, without words; -EINTR when `cancelfd` (-1:
 * none) becomes readable first. */
int lock_wait(int fd, int how, int cancelfd, struct err *e);
/* Is the file that was locked still the one of that name?  Who removes lock files does so with the
 * lock held. */
bool lock_is_still_there(int dirfd, const char *name, int fd);
/* A file that may be removed by its holders: made where it is missing; the descriptor is the lock.
 */
int lock_wait_file(int dirfd, const char *name, int how, int cancelfd, struct err *e);

#endif
