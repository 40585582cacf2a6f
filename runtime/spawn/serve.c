/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/serve.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "libutil/cleanup.h"
#include "libutil/loop.h"
#include "libutil/proc.h"
#include "libutil/sig.h"
#include "libutil/sys.h"
#include "libutil/tty.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/oom.h"
#include "runtime/hook/hook.h"
#include "runtime/net/netdev.h"
#include "runtime/ns/idmap.h"
#include "runtime/spawn/console.h"
#include "runtime/spawn/listener.h"
#include "runtime/sync/sync.h"

int serve_hold_signals(struct err *e)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t mask;

	(void)sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		(void)sigaddset(&mask, ends[i]);
	return loop_signals(&mask, e);
}

static int interrupted(int sigfd, struct err *e)
{
	struct signalfd_siginfo info;

	if (read(sigfd, &info, sizeof(info)) != sizeof(info))
		return err_sys(e, "read a signal");
	return err_set(e, EINTR, "interrupted by %s", sig_name((int)info.ssi_signo));
}

/* Wait for init or for a signal that asks us to stop; a message that is there already wins. */
static int wait_for_init(const struct service *s, struct err *e)
{
	struct pollfd fds[] = {
		{ .fd = s->child->syncfd, .events = POLLIN },
		{ .fd = s->sigfd, .events = POLLIN },
	};

	while (!fds[0].revents) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return err_sys(e, "wait for the container's first process");
		if (!fds[0].revents && fds[1].revents)
			return interrupted(s->sigfd, e);
	}
	return 0;
}

/* A dead init could not say why; how it died is what a person can act on. */
static int explain_death(const struct service *s, int r, struct err *e)
{
	struct child *c = s->child;
	char text[PROC_STATUS_TEXT_SIZE];

	if (c->pid == 0 || proc_wait_pidfd(c->pidfd, 1000, NULL) <= 0 || child_wait(c, NULL) < 0)
		return r;
	if (!WIFSIGNALED(c->status))
		return r;
	if (WTERMSIG(c->status) == SIGKILL && s->job->cgroup && oom_kills(s->job->cgroup) > 0)
		return err_set(e, ENOMEM,
			       "container init was OOM-killed (memory limit too low?): %s",
			       e ? e->msg : "");
	return err_wrap(e, r, "container init was %s", proc_status_text(c->status, text));
}

static int expect(const struct service *s, enum sync_step step, int64_t *value, int *fd,
		  struct err *e)
{
	int r = wait_for_init(s, e);

	if (r < 0)
		return r;
	r = sync_expect(s->child->syncfd, step, "init", value, fd, e);
	return r < 0 ? explain_death(s, r, e) : 0;
}

static int answer(const struct service *s, enum sync_step step, struct err *e)
{
	int r = sync_send(s->child->syncfd, step, 0, -1, e);

	return r < 0 ? explain_death(s, r, e) : 0;
}

/* The intermediate made the real one as its sibling, our child, and is about to exit. */
static int take_over_pid(struct service *s, struct err *e)
{
	struct child *c = s->child;
	int64_t pid = 0;
	int pidfd;
	int r = expect(s, SYNC_PID, &pid, NULL, e);

	if (r < 0)
		return r;
	pidfd = sys_pidfd_open((pid_t)pid, 0);
	if (pidfd < 0)
		return err_sys(e, "open process %lld", (long long)pid);
	r = child_wait(c, e);
	close_at_exit(&c->pidfd);
	c->pid = (pid_t)pid;
	c->pidfd = pidfd;
	c->reaped = false;
	return r;
}

static int attach(struct service *s, struct err *e)
{
	int r = expect(s, SYNC_CGROUP_WANTED, NULL, NULL, e);

	if (r >= 0)
		r = cgroup_attach(s->job->cgroup, s->child->pid, e);
	return r < 0 ? r : answer(s, SYNC_CGROUP_MADE, e);
}

static int make_cgroup(struct service *s, struct err *e)
{
	const struct spec_linux *l = s->job->spec->linux_;
	int r;

	if (s->job->kind == INIT_EXEC)
		return attach(s, e);
	r = expect(s, SYNC_CGROUP_WANTED, NULL, NULL, e);
	if (r >= 0)
		r = cgroup_make_around(s->job->cgroup, l ? l->resources : NULL, s->child->pid, e);
	if (r < 0)
		return r;
	s->cgroup_made = true;
	r = cgroup_delegate(s->job->cgroup, s->job->spec, s->job->plan.is_new[OCI_NS_CGROUP], e);
	return r < 0 ? r : answer(s, SYNC_CGROUP_MADE, e);
}

static int map_ids(struct service *s, struct err *e)
{
	const struct spec_linux *l = s->job->spec->linux_;
	int r = expect(s, SYNC_IDS_WANTED, NULL, NULL, e);

	if (r >= 0)
		r = idmap_write(s->child->pid, &l->uid_mappings, &l->gid_mappings, s->job->rootless,
				e);
	/* Inside its user namespace init may not; see init.h. */
	if (r >= 0)
		r = init_oom_score_adj(s->child->pid, s->job->process, e);
	if (r >= 0)
		r = answer(s, SYNC_IDS_WRITTEN, e);
	return r;
}

static int move_devices(struct service *s, struct err *e)
{
	int r = expect(s, SYNC_NET_WANTED, NULL, NULL, e);

	if (r >= 0)
		r = netdev_move(&s->job->spec->linux_->net_devices, s->child->pid, e);
	if (r >= 0)
		r = answer(s, SYNC_NET_DONE, e);
	return r;
}

/* What stopped a hook: a signal to us, or the end of init, which `delete --force` killed. */
static int explain_stop(const struct service *s, int r, struct err *e)
{
	struct pollfd p = { .fd = s->sigfd, .events = POLLIN };

	if (r != -EINTR)
		return r;
	return poll(&p, 1, 0) > 0 ? interrupted(s->sigfd, e) : explain_death(s, r, e);
}

static int restrict_devices(const struct service *s, struct err *e)
{
	const struct spec_linux *l = s->job->spec->linux_;

	if (!s->job->policy_after_mounts)
		return 0;
	return cgroup_restrict_devices(s->job->cgroup, l ? l->resources : NULL, e);
}

/* Hooks may add devices to what the container was given. */
static int serve_root(struct service *s, struct err *e)
{
	const struct spec_hooks *hooks = s->job->spec->hooks;
	const int stopfds[] = { s->child->pidfd, s->sigfd };
	struct hook_call call = { .state = s->job->state,
				  .pid = s->child->pid,
				  .cwdfd = s->bundlefd,
				  .stopfds = stopfds };
	int r = expect(s, SYNC_ROOT_READY, NULL, NULL, e);

	if (r >= 0)
		r = restrict_devices(s, e);
	if (r >= 0)
		r = hook_run(hooks, HOOK_PRESTART, &call, e);
	if (r >= 0)
		r = hook_run(hooks, HOOK_CREATE_RUNTIME, &call, e);
	if (r < 0)
		return explain_stop(s, r, e);
	return answer(s, SYNC_HOOKS_DONE, e);
}

static int take_console(struct service *s, struct err *e)
{
	autofd int masterfd = -1;
	int r = expect(s, SYNC_CONSOLE, NULL, &masterfd, e);

	if (r >= 0)
		r = console_resize(masterfd, s->job->process->console_size, e);
	if (r < 0)
		return r;
	if (s->consolefd >= 0)
		return console_send(s->consolefd, masterfd, e);
	/* Now, for the program may ask for the size before we begin to relay. */
	console_resize_as_ours(masterfd);
	/* Our own terminal, or none, translates newlines: twice would be once too often. */
	(void)tty_no_onlcr(masterfd, NULL);
	s->masterfd = steal_fd(&masterfd);
	return 0;
}

/* Init could only say its number. */
static int fetch_listener(const struct service *s, int64_t number, struct err *e)
{
	int fd = sys_pidfd_getfd(s->child->pidfd, (int)number, 0);

	if (fd >= 0)
		return fd;
	return err_sys(e,
		       "linux.seccomp: the filter hands sendmsg to the listener, which has to be "
		       "fetched then: take it from the first process");
}

static int take_listener(struct service *s, struct err *e)
{
	bool by_number = s->job->seccomp_handover != SECCOMP_BY_SENDMSG;
	autofd int listenerfd = -1;
	int64_t number = -1;
	int r = expect(s, SYNC_NOTIFY, &number, &listenerfd, e);

	if (r >= 0 && by_number)
		r = listenerfd = fetch_listener(s, number, e);
	/* The agent has it before init goes on, whose next call may be one of its. */
	if (r >= 0)
		r = listener_send(s->job->spec->linux_->seccomp, s->job->state, s->child->pid,
				  listenerfd, e);
	return r < 0 || !by_number ? r : answer(s, SYNC_NOTIFY_TAKEN, e);
}

static int become_ready(struct service *s, struct err *e)
{
	return expect(s, SYNC_READY, NULL, NULL, e);
}

static bool wants_cgroup(const struct init_job *job)
{
	return job->cgroup_attach ||
	       (job->kind == INIT_CREATE && job->cgroup && cgroup_needs_process(job->cgroup));
}

static bool wants_pid(const struct init_job *job)
{
	return job->plan.intermediate;
}

static bool wants_ids(const struct init_job *job)
{
	return job->plan.new_userns;
}

static bool wants_devices(const struct init_job *job)
{
	return job->kind == INIT_CREATE && job->spec->linux_ &&
	       job->spec->linux_->net_devices.n > 0;
}

static bool wants_console(const struct init_job *job)
{
	return job->process->terminal;
}

static bool wants_listener(const struct init_job *job)
{
	return (job->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}

static bool always(const struct init_job *job UNUSED)
{
	return true;
}

/* In the order of init.h. */
static const struct {
	bool (*wanted)(const struct init_job *job);
	int (*serve)(struct service *s, struct err *e);
} steps[] = {
	{ wants_cgroup, make_cgroup },
	{ wants_pid, take_over_pid },
	{ wants_ids, map_ids },
	{ wants_devices, move_devices },
	{ init_stops_at_root, serve_root },
	{ wants_console, take_console },
	{ wants_listener, take_listener },
	{ always, become_ready },
};

bool serve_has_steps(const struct init_job *job)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (steps[i].wanted(job) && steps[i].serve != become_ready)
			return true;
	return false;
}

int serve_until_ready(struct service *s, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		int r = steps[i].wanted(s->job) ? steps[i].serve(s, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int serve_until_exec(struct service *s, struct err *e)
{
	int r = answer(s, SYNC_GO, e);

	return r < 0 ? r : serve_exec(s, e);
}

int serve_exec(struct service *s, struct err *e)
{
	int r = wait_for_init(s, e);

	return r < 0 ? r : sync_expect_exec(s->child->syncfd, "init", e);
}
