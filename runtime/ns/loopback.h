/* SPDX-License-Identifier: Apache-2.0 */
/* The loopback interface of a new network namespace, which begins down. */
#ifndef RUNTIME_NS_LOOPBACK_H
#define RUNTIME_NS_LOOPBACK_H

#include "libutil/err.h"

/* In the caller's own network namespace. */
int loopback_up(struct err *e);
/* In that of another process; the caller is back in its own afterwards, and needs CAP_SYS_ADMIN
 * over both.  The kernel takes 0.1 ms for it, which init can spend on its mounts. */
int loopback_up_in(int pidfd, struct err *e);

#endif
