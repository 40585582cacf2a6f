/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/prctl.h>

#include "runtime/init/stage.h"

/*
 * Not dumpable: a process of the container may not look at this one's descriptors, memory or
 * /proc/PID/exe while it still holds the host's (CVE-2016-9962).  Until the container's program
 * runs, the host side's death must end this process as well.
 */
int guard_raise(struct err *e)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(e, "become non-dumpable");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(e, "tie the life to the parent's");
	return 0;
}

int guard_let_go(struct err *e)
{
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return err_sys(e, "untie the life from the parent's");
	return 0;
}
