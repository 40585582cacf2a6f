/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/visit.h"

#include <fcntl.h>
#include <sched.h>

#include "libutil/cleanup.h"

int ns_visit_network(int fd, ns_visit_fn *make, void *ctx, struct err *e)
{
	autofd int homefd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int r;

	if (homefd < 0)
		return err_sys(e, "open '/proc/self/ns/net'");
	if (setns(fd, CLONE_NEWNET) < 0)
		return err_sys(e, "visit the container's network namespace");
	r = make(ctx, e);
	if (setns(homefd, CLONE_NEWNET) < 0)
		return err_sys(e, "return to our network namespace");
	return r;
}
