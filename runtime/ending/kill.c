/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ending/kill.h"

#include <errno.h>
#include <signal.h>

#include "libutil/cleanup.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

/* The kernel kills at once; longer means a process stuck in a device or on a network file system.
 */
#define END_TIMEOUT_MS 30000

/* Version 1's freezer keeps even killed processes. */
static void thaw_killed(const struct container *c, int sig)
{
	if (sig == SIGKILL && c->cgroup && cgroup_is_frozen(c->cgroup, NULL) > 0)
		(void)cgroup_freeze(c->cgroup, false, NULL);
}

static int kill_first(const struct container *c, int sig, struct err *e)
{
	if (c->pidfd < 0 || sys_pidfd_send_signal(c->pidfd, sig, NULL, 0) == 0 || errno == ESRCH)
		return 0;
	return err_sys(e, "container '%s': send signal %d", c->id, sig);
}

int container_kill_all(const struct container *c, int sig, struct err *e)
{
	autofree pid_t *pids = NULL;
	size_t n = 0;
	int r = c->cgroup ? cgroup_pids(c->cgroup, &pids, &n, e) : 0;

	if (r >= 0 && n > 0)
		r = cgroup_kill(c->cgroup, sig, e);
	if (r < 0)
		return err_wrap(e, r, "container '%s'", c->id);
	/* Without control groups (the disabled driver) the first process is all we know; and
	 * nothing hurts in killing it once more when it has just been moved somewhere else. */
	if (n == 0 || sig == SIGKILL)
		r = kill_first(c, sig, e);
	thaw_killed(c, sig);
	return r;
}

static bool has_processes(const struct container *c)
{
	autofree pid_t *pids = NULL;
	size_t n = 0;

	return c->cgroup && cgroup_pids(c->cgroup, &pids, &n, NULL) >= 0 && n > 0;
}

int container_kill(const struct container *c, int sig, struct err *e)
{
	/* Without a pid namespace nothing has ended the others with the first. */
	if (sig == SIGKILL && !c->record->own_pidns && (c->pidfd >= 0 || has_processes(c)))
		return container_kill_all(c, sig, e);
	if (c->pidfd < 0)
		return err_set(e, ESRCH, "container '%s': container not running", c->id);
	if (sys_pidfd_send_signal(c->pidfd, sig, NULL, 0) < 0) {
		if (errno == ESRCH)
			return err_set(e, ESRCH, "container '%s': container not running", c->id);
		return err_sys(e, "container '%s': send signal %d", c->id, sig);
	}
	thaw_killed(c, sig);
	return 0;
}

int container_end(struct container *c, struct err *e)
{
	int r = container_kill_all(c, SIGKILL, e);

	if (r < 0 || c->pidfd < 0)
		return r;
	r = proc_wait_pidfd(c->pidfd, END_TIMEOUT_MS, e);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, EBUSY, "container '%s': process %lld does not die", c->id,
			       (long long)c->record->pid.v);
	/* It still tells how the process ended. */
	c->endedfd = steal_fd(&c->pidfd);
	return 0;
}
