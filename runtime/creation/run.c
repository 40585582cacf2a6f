/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/creation/run.h"

#include "runtime/cgroup/oom.h"
#include "runtime/ending/ending.h"
#include "runtime/hook/hook.h"
#include "runtime/spawn/foreground.h"

static int run_poststart(struct creation *c, struct err *e)
{
	struct hook_call call = { .state = &c->state, .pid = c->child.pid, .cwdfd = c->bundlefd };
	int r = hook_run(c->spec->hooks, HOOK_POSTSTART, &call, e);

	return r < 0 ? err_wrap(e, r, "%s '%s'", c->req->way ? c->req->way->verb : "start",
				c->req->id)
		     : 0;
}

/* READY may come long after our caller typed something: a process of its own waits for it. */
static void forward_ready_aside(struct creation *c)
{
	pid_t pid = c->notify.fd >= 0 ? fork() : -1;

	if (pid == 0) {
		(void)notify_socket_forward(&c->notify, c->child.pidfd, c->child.pid, NULL);
		_exit(0);
	}
}

/* The wait status is ours alone: for the hooks, or for `state` when the container is kept. */
static void tell_ending(struct creation *c, bool keep)
{
	struct oci_exit *how;
	struct ending_facts f = { .known = c->child.reaped, .status = c->child.status };

	if (!f.known)
		return;
	if (keep) {
		(void)ending_keep(c->dirfd, &f.status, NULL, NULL);
		return;
	}
	f.oom_kills = c->cgroup ? oom_kills(c->cgroup) : 0;
	f.filtered = c->spec->linux_ && c->spec->linux_->seccomp;
	how = arena_alloc(&c->arena, 1, sizeof(*how));
	ending_decide(&f, how);
	c->state.exit = how;
}

/* `delete --force` may have taken the container meanwhile; then nothing is left to do. */
static void delete_ended(struct creation *c)
{
	if (store_lock(c->dirfd, c->req->id, NULL) < 0)
		return;
	c->pid_file_made = false; /* not undone: a caller reads it afterwards */
	creation_undo(c);
}

static int stay(struct creation *c, bool keep, struct err *e)
{
	int r;

	forward_ready_aside(c);
	r = foreground_wait(&c->child, c->masterfd, e);
	if (keep || hook_any(c->spec->hooks, HOOK_POSTSTOP))
		tell_ending(c, keep);
	if (r < 0 || !keep)
		delete_ended(c);
	return r;
}

int container_run(const struct create_request *req, bool keep, bool reaper, struct err *e)
{
	auto_(creation) struct creation c = CREATION_NONE;
	int r = !req->detached && reaper ? foreground_become_reaper(e) : 0;

	c.req = req;
	if (r >= 0)
		r = creation_run(&c, e);
	if (r < 0)
		return r;
	/* A hook may call us: it must not wait for a lock that waits for it. */
	store_unlock(c.dirfd);
	r = run_poststart(&c, e);
	if (r < 0) {
		delete_ended(&c);
		return r;
	}
	if (req->detached)
		return notify_socket_forward(&c.notify, c.child.pidfd, c.child.pid, e);
	return stay(&c, keep, e);
}
