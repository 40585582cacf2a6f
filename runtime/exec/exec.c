/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/exec/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/wait.h>

#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/proc.h"
#include "runtime/container/bundle.h"
#include "runtime/container/container.h"
#include "runtime/container/rdt.h"
#include "runtime/spawn/ceiling.h"
#include "runtime/spawn/console.h"
#include "runtime/spawn/filter.h"
#include "runtime/spawn/foreground.h"
#include "runtime/spawn/inherit.h"
#include "runtime/spawn/pidfile.h"
#include "runtime/spawn/serve.h"

struct execution {
	const struct exec_request *req;
	struct store store;
	struct container container;
	struct runtime_spec *spec;
	struct spec_process *process;
	struct inherit inherit;
	struct seccomp_program seccomp;
	struct oci_state state;
	struct init_job job;
	struct child child;
	struct service service;
	int consolefd, pidfdsock;
	int sigfd; /* only in the foreground: else a signal simply ends us, and with us the process
		    */
};

static int load(struct execution *x, struct err *e)
{
	int r = store_open(&x->store, x->req->host->root, false, e);

	return r < 0 ? r : container_load(&x->store, x->req->id, &x->container, e);
}

static int check_status(struct execution *x, struct err *e)
{
	enum oci_status status = OCI_STATUS_NONE;
	int r = container_status(&x->container, &status, e);

	if (r < 0 || status == OCI_STATUS_RUNNING || status == OCI_STATUS_CREATED)
		return r;
	if (status == OCI_STATUS_PAUSED && x->req->ignore_paused)
		return 0;
	if (status == OCI_STATUS_PAUSED)
		return err_set(
			e, EBUSY,
			"it is paused (use --ignore-paused to wait in it until it is resumed)");
	return err_set(e, ESRCH, "container not running: it is %s", status_name(status));
}

static int read_process_file(struct execution *x, const char *path, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = file_read_at(AT_FDCWD, path, BUNDLE_CONFIG_MAX, &text, &len, e);

	if (r >= 0)
		r = spec_process_decode(path_base(path), text, len, &x->container.arena,
					&x->process, e);
	return r < 0 ? err_wrap(e, r, "--process") : 0;
}

static int decide_process(struct execution *x, struct err *e)
{
	const struct exec_request *req = x->req;
	struct arena *a = &x->container.arena;
	int r = container_spec(&x->container, &x->spec, e);

	if (r >= 0 && req->process_file)
		r = read_process_file(x, req->process_file, e);
	else if (r >= 0 && !x->spec->process)
		r = err_set(
			e, EINVAL,
			"config.json names no process whose settings could be taken: use --process");
	else if (r >= 0)
		r = exec_process_make(x->spec->process, &req->changes, a, &x->process, e);
	if (r < 0)
		return r;
	if (x->process->args.n == 0)
		return err_set(e, EINVAL, "no program is given");
	return console_check(x->process->terminal, req->detached, req->console_socket, e);
}

static int connect_sockets(struct execution *x, struct err *e)
{
	const struct exec_request *req = x->req;
	int r = console_connect("--console-socket", req->console_socket, &x->consolefd, e);

	return r < 0 ? r : console_connect("--pidfd-socket", req->pidfd_socket, &x->pidfdsock, e);
}

static int open_cgroup(struct execution *x, struct err *e)
{
	const struct container *c = &x->container;
	const struct strv *subs = x->req->cgroups;

	if (!c->cgroup && subs->n > 0)
		return err_set(e, EOPNOTSUPP, "--cgroup: the container has no control groups");
	return c->cgroup ? cgroup_open(c->cgroup, container_pid(c), subs, e) : 0;
}

static int compile_seccomp(struct execution *x, struct err *e)
{
	return filter_compile(x->container.store, x->spec, &x->seccomp, e);
}

static void fill_job(struct execution *x)
{
	const struct container *c = &x->container;
	const struct seccomp_program *sec = &x->seccomp;

	container_state(c, OCI_STATUS_RUNNING, NULL, &x->state);
	x->job = (struct init_job){
		.kind = INIT_EXEC,
		.id = c->id,
		.bundle = c->record->bundle,
		.spec = x->spec,
		.process = x->process,
		.startfd = -1,
		.pidfd = c->pidfd,
		.rootfsfd = -1,
		.recordfd = -1,
		.cgroup = c->cgroup,
		.seccomp = sec->prog.filter ? &sec->prog : NULL,
		.seccomp_handover = sec->handover,
		.seccomp_flags = sec->flags | (sec->notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0),
		.rootless = host_maps_unprivileged(x->req->host),
		.preserve_fds = x->inherit.preserve_fds,
		.listen_fds = x->inherit.listen_fds,
		.state = &x->state,
		.notify_dirfd = -1,
	};
	ns_plan_exec(x->spec, &x->job.plan);
	x->job.plan.has[OCI_NS_TIME] |= c->record->in_timens;
}

static int spawn_and_serve(struct execution *x, struct err *e)
{
	const int hidden[] = { x->container.dirfd, x->store.rootfd, x->consolefd, x->pidfdsock,
			       x->sigfd };
	struct ceiling ceiling = { 0 };
	int r = child_prepare(&x->child, &x->job, e);

	if (r < 0)
		return r;
	ceiling_raise(x->process, &ceiling);
	r = child_spawn(&x->child, &x->job, hidden, ARRAY_LEN(hidden), e);
	ceiling_restore(&ceiling);
	x->service = (struct service){
		.job = &x->job,
		.child = &x->child,
		.sigfd = x->sigfd,
		.consolefd = x->consolefd,
		.masterfd = -1,
	};
	return r < 0 ? r : serve_until_ready(&x->service, e);
}

static int tell_pid(struct execution *x, struct err *e)
{
	int r = x->pidfdsock >= 0 ? console_send_pidfd(x->pidfdsock, x->child.pidfd, e) : 0;

	if (r >= 0 && x->req->pid_file)
		r = pidfile_write(x->req->pid_file, x->child.pid, e);
	return r;
}

static int let_go(struct execution *x, struct err *e)
{
	return serve_until_exec(&x->service, e);
}

/* Also while the process waits to be thawed, Ctrl-C has to work. */
static int hold_signals(struct execution *x, struct err *e)
{
	int r = foreground_hold_signals(e);

	if (r < 0)
		return r;
	x->sigfd = serve_hold_signals(e);
	return x->sigfd < 0 ? x->sigfd : 0;
}

static int prepare_and_spawn(struct execution *x, struct err *e)
{
	static int (*const stages[])(struct execution *, struct err *) = {
		load, check_status, decide_process, connect_sockets, open_cgroup, compile_seccomp,
	};
	int no_clone = 0;
	int r = inherit_prepare(x->req->preserve_fds, &no_clone, &x->inherit, e);

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(stages); i++)
		r = stages[i](x, e);
	if (r < 0)
		return r;
	fill_job(x);
	if (!x->req->detached)
		r = hold_signals(x, e);
	if (r >= 0)
		r = spawn_and_serve(x, e);
	if (r >= 0)
		r = rdt_add(x->container.record, x->child.pid, e);
	if (r >= 0)
		r = tell_pid(x, e);
	if (r >= 0)
		r = let_go(x, e);
	return r;
}

static void execution_done(struct execution *x)
{
	close_at_exit(&x->service.masterfd);
	close_at_exit(&x->consolefd);
	close_at_exit(&x->pidfdsock);
	close_at_exit(&x->sigfd);
	seccomp_program_done(&x->seccomp);
	container_done(&x->container);
	store_done(&x->store);
}

/* The kernel kills it with the container's first process, or finds nothing any more that it could
 * join: what the caller can act on is that the container has ended. */
#define END_TIMEOUT_MS 5000

static int explain_end(const struct execution *x, int r, struct err *e)
{
	bool killed = x->child.reaped && WIFSIGNALED(x->child.status) &&
		      WTERMSIG(x->child.status) == SIGKILL;
	int pidfd = x->container.pidfd;

	/* A pid namespace without its first process makes no other: ENOMEM. */
	if (pidfd < 0 || (!killed && r != -ESRCH && r != -ENOMEM))
		return r;
	if (proc_wait_pidfd(pidfd, END_TIMEOUT_MS, NULL) <= 0)
		return r;
	return err_set(e, ESRCH, "container not running: it ended meanwhile");
}

int container_exec(const struct exec_request *req, struct err *e)
{
	struct execution x = {
		.req = req,
		.store = STORE_NONE,
		.container = CONTAINER_NONE,
		.child = CHILD_NONE,
		.service = { .masterfd = -1 },
		.consolefd = -1,
		.pidfdsock = -1,
		.sigfd = -1,
	};
	int r = prepare_and_spawn(&x, e);

	if (r < 0)
		r = explain_end(&x, r, e);
	if (r < 0)
		child_done(&x.child);
	else if (req->detached)
		child_release(&x.child);
	else
		r = foreground_wait(&x.child, x.service.masterfd, e);
	execution_done(&x);
	return r < 0 ? err_wrap(e, r, "exec in '%s'", req->id) : r;
}
