/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/restore_notify.h"

#include <errno.h>
#include <signal.h>

#include "libutil/cleanup.h"
#include "libutil/sys.h"
#include "runtime/container/console.h"
#include "runtime/container/netdev.h"
#include "runtime/container/restore_check.h"
#include "runtime/hook/hook.h"
#include "runtime/ns/loopback.h"

/* setup-namespaces: the container's namespaces are there, and nothing in them.  What `create` does
 * between making them and mounting. */
static int set_up(struct creation *c, pid_t pid, struct err *e)
{
	const struct spec_linux *l = c->spec->linux_;
	const int stopfds[] = { -1, c->sigfd };
	struct hook_call call = {
		.state = &c->state, .pid = pid, .cwdfd = c->bundlefd, .stopfds = stopfds
	};
	autofd int pidfd = sys_pidfd_open(pid, 0);
	int r = pidfd < 0 ? err_sys(e, "open process %d", (int)pid) : 0;

	if (r >= 0 && c->plan.is_new[OCI_NS_NETWORK])
		r = loopback_up_in(pidfd, e);
	if (r >= 0 && l && l->net_devices.n > 0)
		r = netdev_move(&l->net_devices, pid, e);
	if (r >= 0)
		r = hook_run(c->spec->hooks, HOOK_PRESTART, &call, e);
	if (r >= 0)
		r = hook_run(c->spec->hooks, HOOK_CREATE_RUNTIME, &call, e);
	return r;
}

/* orphan-pts-master: the other end of the container's terminal. */
static int take_terminal(struct creation *c, int *fd, struct err *e)
{
	if (*fd < 0)
		return err_set(e, EPROTO, "criu sends no terminal");
	if (!c->spec->process->terminal)
		return err_set(e, EINVAL,
			       "the image has a terminal, and process.terminal of config.json says "
			       "that there is none");
	if (c->consolefd >= 0)
		return console_send(c->consolefd, *fd, e);
	console_resize_as_ours(*fd);
	close_at_exit(&c->masterfd);
	c->masterfd = steal_fd(fd);
	return 0;
}

void restore_kill(struct creation *c)
{
	(void)cgroup_kill(c->cgroup, SIGKILL, NULL);
	if (c->child.pidfd >= 0)
		(void)sys_pidfd_send_signal(c->child.pidfd, SIGKILL, NULL, 0);
}

/* pre-resume: criu holds them before their first instruction.  It goes on whatever we answer, so
 * what must not run is killed at once. */
static int look(struct restore_scene *scene, struct err *e)
{
	struct creation *c = scene->creation;
	autofree pid_t *pids = NULL;
	size_t n = 0;
	int r = cgroup_pids(c->cgroup, &pids, &n, e);

	/* Where it does not move what it restores, criu is in there itself. */
	for (size_t i = 0; r >= 0 && i < n; i++)
		if (pids[i] == scene->criu)
			pids[i] = c->child.pid;
	if (r >= 0)
		r = restore_check(c->spec, c->child.pid, pids, n, e);
	if (r < 0) {
		scene->refused = true;
		restore_kill(c);
	}
	return r;
}

int restore_notified(void *ctx, const char *script, pid_t pid, int *fd, struct err *e)
{
	struct restore_scene *scene = ctx;
	struct creation *c = scene->creation;

	if (streq(script, "setup-namespaces"))
		return set_up(c, pid, e);
	if (streq(script, "orphan-pts-master"))
		return take_terminal(c, fd, e);
	if (streq(script, "pre-resume"))
		return look(scene, e);
	return 0;
}
