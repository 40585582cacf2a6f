/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/restore_notify.h"

#include <errno.h>
#include <signal.h>

#include "libutil/cleanup.h"
#include "libutil/sys.h"
#include "runtime/checkpoint/descendants.h"
#include "runtime/checkpoint/restore_check.h"
#include "runtime/hook/hook.h"
#include "runtime/net/netdev.h"
#include "runtime/ns/loopback.h"
#include "runtime/spawn/console.h"

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

static bool is_one_of(const pid_t *pids, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* The image says which groups its processes were in. */
static int check_cgroup(const struct cgroup *cg, const pid_t *pids, size_t n, struct err *e)
{
	autofree pid_t *inside = NULL;
	size_t n_inside = 0;
	int r = cgroup_is_none(cg) ? 0 : cgroup_pids(cg, &inside, &n_inside, e);

	for (size_t i = 0; r >= 0 && !cgroup_is_none(cg) && i < n; i++)
		if (!is_one_of(inside, n_inside, pids[i]))
			r = err_set(e, EPERM,
				    "what the image holds is not what config.json allows: process "
				    "%d is not in the container's control group",
				    (int)pids[i]);
	return r;
}

/* pre-resume: criu holds them before their first instruction.  It goes on whatever we answer, so
 * what must not run is killed at once; not all need to be where restore_kill() looks. */
static int look(struct restore_scene *scene, struct err *e)
{
	struct creation *c = scene->creation;
	autofree pid_t *pids = NULL;
	size_t n = 0;
	int r = c->child.pid > 0 ? descendants_of(c->child.pid, &pids, &n, e)
				 : err_set(e, EPROTO, "criu does not tell what it restored");

	if (r >= 0)
		r = check_cgroup(c->cgroup, pids, n, e);
	if (r >= 0)
		r = restore_check(c->spec, scene->criu, pids, n, e);
	if (r >= 0)
		return 0;
	scene->refused = true;
	restore_kill(c);
	for (size_t i = 0; i < n; i++)
		(void)kill(pids[i], SIGKILL);
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
