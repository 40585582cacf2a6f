/* SPDX-License-Identifier: Apache-2.0 */
/* A short stay in another network namespace: what is made there belongs to it from then on, as
 * sockets do, wherever its owner goes. */
#ifndef RUNTIME_NS_VISIT_H
#define RUNTIME_NS_VISIT_H

#include "libutil/err.h"

/* Call `make` in the network namespace of `fd`, a pidfd or a file of /proc/PID/ns, and come back.
 * Needs CAP_SYS_ADMIN over both.  Also when coming back fails what was made is the caller's. */
typedef int ns_visit_fn(void *ctx, struct err *e);
int ns_visit_network(int fd, ns_visit_fn *make, void *ctx, struct err *e);

#endif
