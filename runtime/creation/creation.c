/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/creation/creation.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/stat.h>

#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/proc.h"
#include "runtime/container/container.h"
#include "runtime/container/identity.h"
#include "runtime/container/rdt.h"
#include "runtime/ending/poststop.h"
#include "runtime/hook/hook.h"
#include "runtime/ns/advice.h"
#include "runtime/ns/loopback.h"
#include "runtime/spawn/console.h"
#include "runtime/spawn/foreground.h"
#include "runtime/spawn/pidfile.h"
#include "runtime/sync/sync.h"

/* From the first thing made on, a signal that would end us is read instead, so that what was made
 * is undone. */
static int hold_signals(struct creation *c, struct err *e)
{
	/* All of them, where they are passed on later: none may end us before the wait begins. */
	int r = c->req->detached ? 0 : foreground_hold_signals(e);

	if (r < 0)
		return r;
	c->sigfd = serve_hold_signals(e);
	return c->sigfd < 0 ? c->sigfd : 0;
}

static int make_directory(struct creation *c, struct err *e)
{
	c->dirfd = store_make(&c->store, c->req->id, e);
	return c->dirfd < 0 ? c->dirfd : 0;
}

static int write_record(struct creation *c, struct err *e)
{
	return container_put_record(c->dirfd, STORE_STATE, &c->record, c->cgroup, e);
}

static int keep_config(struct creation *c, struct err *e)
{
	if (c->config_kept)
		return 0;
	c->config_kept = true;
	return file_replace_at(c->dirfd, STORE_CONFIG, c->config.data, c->config.len, 0600,
			       FILE_NO_SYNC, e);
}

/* Whoever clears up after a killed creator finds the poststop hooks there. */
static int keep_hooks(struct creation *c, struct err *e)
{
	return c->record.has_poststop ? keep_config(c, e) : 0;
}

static int make_gate(struct creation *c, struct err *e)
{
	if (!c->req->gate)
		return 0;
	c->gatefd = fd_unix_listen_at(c->dirfd, STORE_GATE, SOCK_SEQPACKET, 0600, e);
	return c->gatefd < 0 ? c->gatefd : 0;
}

/* A caller with NOTIFY_SOCKET wants to hear when the container is ready: it gets a directory in
 * which `start` will listen (notify_socket.h). */
static int make_notify_directory(struct creation *c, struct err *e)
{
	if (!getenv("NOTIFY_SOCKET"))
		return 0;
	if (mkdirat(c->dirfd, STORE_NOTIFY, 0755) < 0)
		return err_sys(e, "make '%s/%s/" STORE_NOTIFY "'", c->store.root, c->req->id);
	c->notifydirfd = openat(c->dirfd, STORE_NOTIFY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return c->notifydirfd < 0 ? err_sys(e, "open '" STORE_NOTIFY "'") : 0;
}

static int make_cgroup(struct creation *c, struct err *e)
{
	const struct spec_linux *l = c->spec->linux_;
	int r;

	/* Later, by serve_until_ready(). */
	if (cgroup_needs_process(c->cgroup))
		return 0;
	r = cgroup_make(c->cgroup, l ? l->resources : NULL, e);

	if (r < 0)
		return r;
	c->cgroup_made = true;
	return cgroup_delegate(c->cgroup, c->spec, c->plan.is_new[OCI_NS_CGROUP], e);
}

static int make_resctrl(struct creation *c, struct err *e)
{
	int r = rdt_make(&c->record, c->rdt, e);

	c->rdt_made = r >= 0;
	return r;
}

/* Before its program runs; criu has made more than one process. */
static int enter_resctrl(struct creation *c, struct err *e)
{
	int r = rdt_add(&c->record, c->child.pid, e);

	return r < 0 || !c->req->way ? r : rdt_add_all(&c->record, c->cgroup, e);
}

/* Hooks inside may want it, and other user namespaces would not let us. */
static bool may_bring_up_loopback(const struct creation *c)
{
	return c->plan.is_new[OCI_NS_NETWORK] && !c->plan.intermediate &&
	       !c->plan.has[OCI_NS_USER] && !c->rootless &&
	       !hook_any(c->spec->hooks, HOOK_CREATE_CONTAINER);
}

/* Nothing is left to do for the host side until the program runs but to write the record, whose
 * contents are known after the clone, and init may rename a file in our state directory.  Whoever
 * is in a pid namespace that is joined may not see that directory. */
static bool may_go_ahead(const struct creation *c)
{
	return !serve_has_steps(&c->job) && !c->req->gate && !c->req->pid_file &&
	       c->pidfdsock < 0 && c->notifydirfd < 0 && !c->record.rdt && !c->plan.pid_path &&
	       !c->plan.has[OCI_NS_USER];
}

static void fill_job(const struct creation *c, struct init_job *job)
{
	const struct seccomp_program *sec = &c->seccomp;

	*job = (struct init_job){
		.kind = INIT_CREATE,
		.id = c->req->id,
		.bundle = c->bundle,
		.spec = c->spec,
		.process = c->spec->process,
		.plan = c->plan,
		.startfd = c->gatefd,
		.pidfd = -1,
		.rootfsfd = c->rootfsfd,
		.recordfd = -1,
		.record_made = STORE_STATE_MADE,
		.record = STORE_STATE,
		.cgroup = c->cgroup,
		.seccomp = sec->prog.filter ? &sec->prog : NULL,
		.seccomp_handover = sec->handover,
		.seccomp_flags = sec->flags | (sec->notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0),
		.no_pivot = c->req->no_pivot,
		.tied = c->req->tied,
		.no_new_keyring = c->req->no_new_keyring,
		.rootless = host_maps_unprivileged(c->req->host),
		.not_root = geteuid() != 0,
		.preserve_fds = c->inherit.preserve_fds,
		.listen_fds = c->inherit.listen_fds,
		.state = &c->state,
		.hook_output = &c->hook_output,
		.notify_dirfd = c->notifydirfd,
		.loopback_by_host = may_bring_up_loopback(c),
		.policy_after_mounts = c->policy_waits,
	};
}

/* Root's own namespaces are subject to no switch but the number of them. */
static int explain_refusal(const struct creation *c, int r, struct err *e)
{
	bool restricted = host_is_rootless(c->req->host) || r == -ENOSPC;

	return c->plan.new_userns && restricted ? ns_advise(e, r) : r;
}

static int spawn(struct creation *c, struct err *e)
{
	const int hidden[] = { c->ahead ? -1 : c->dirfd,
			       c->store.rootfd,
			       c->bundlefd,
			       c->consolefd,
			       c->pidfdsock,
			       c->sigfd,
			       c->clonefd > 0 ? c->clonefd : -1 };
	struct ceiling ceiling = { 0 };
	int r = child_prepare(&c->child, &c->job, e);

	if (r < 0)
		return r;
	ceiling_raise(c->spec->process, &ceiling);
	r = init_prepare(&c->job, e);
	if (r >= 0)
		r = child_spawn(&c->child, &c->job, hidden, ARRAY_LEN(hidden), e);
	init_prepare_undo(&c->job);
	ceiling_restore(&ceiling);
	return r < 0 ? explain_refusal(c, r, e) : 0;
}

static int bring_up_loopback(struct creation *c, struct err *e)
{
	int r = c->job.loopback_by_host ? loopback_up_in(c->child.pidfd, e) : 0;

	/* It died early, and what it says is what went wrong. */
	if (r == -ESRCH)
		err_clear(e);
	return r == -ESRCH ? 0 : r;
}

static int restrict_devices(struct creation *c, struct err *e)
{
	const struct spec_linux *l = c->spec->linux_;

	/* Otherwise cgroup_make_around() does it. */
	return c->cgroup_made ? cgroup_restrict_devices(c->cgroup, l ? l->resources : NULL, e) : 0;
}

/* Init opens terminals and null devices; it must not meet half a policy.  What it mounts from a
 * device may be nothing that the container could open: then it waits when it has mounted all. */
static int restrict_devices_early(struct creation *c, struct err *e)
{
	c->policy_waits = c->cgroup_made && !c->req->way && creation_mounts_device(c->spec);
	return c->policy_waits || cgroup_restricts_at_once(c->cgroup) ? 0 : restrict_devices(c, e);
}

static int restrict_devices_late(struct creation *c, struct err *e)
{
	return !c->policy_waits && cgroup_restricts_at_once(c->cgroup) ? restrict_devices(c, e) : 0;
}

static int serve(struct creation *c, struct err *e)
{
	int r;

	c->service = (struct service){
		.job = &c->job,
		.child = &c->child,
		.sigfd = c->sigfd,
		.bundlefd = c->bundlefd,
		.consolefd = c->consolefd,
		.masterfd = -1,
	};
	r = serve_until_ready(&c->service, e);
	c->cgroup_made |= c->service.cgroup_made;
	c->masterfd = c->service.masterfd;
	return r < 0 ? explain_refusal(c, r, e) : 0;
}

static int drop_clone(struct creation *c, struct err *e UNUSED)
{
	if (c->clonefd > 0)
		(void)close(c->clonefd);
	c->clonefd = 0;
	return 0;
}

/* Where there may be strangers in init's pid namespace: see selfexe.h. */
static int drop_clone_early(struct creation *c, struct err *e)
{
	return c->plan.is_new[OCI_NS_PID] ? 0 : drop_clone(c, e);
}

/* Nobody of ours where criu makes the process. */
static int spawn_init(struct creation *c, struct err *e)
{
	if (c->req->way)
		return 0;
	fill_job(c, &c->job);
	c->ahead = may_go_ahead(c);
	c->job.recordfd = c->ahead ? c->dirfd : -1;
	return spawn(c, e);
}

static int bring(struct creation *c, struct err *e)
{
	const struct creation_way *way = c->req->way;

	return way ? way->bring(c, e) : serve(c, e);
}

static int tell_pid(struct creation *c, struct err *e)
{
	int r = 0;

	if (c->pidfdsock >= 0)
		r = console_send_pidfd(c->pidfdsock, c->child.pidfd, e);
	if (r >= 0 && c->req->pid_file) {
		r = pidfile_write(c->req->pid_file, c->child.pid, e);
		c->pid_file_made = r >= 0;
	}
	return r;
}

static int name_process(struct creation *c, struct err *e)
{
	uint64_t ticks = 0;
	int r = proc_start_time(c->child.pid, &ticks, NULL, e);

	if (r < 0)
		return r;
	c->record.phase = RECORD_MADE;
	c->record.pid = (struct opt_i64){ .set = true, .v = c->child.pid };
	c->record.start_time = (struct opt_u64){ .set = true, .v = ticks };
	identity_inode(c->child.pidfd, c->dirfd, &c->record.pidfd_inode);
	return 0;
}

/* Init need not wait for us when it is ready. */
static int go_ahead(struct creation *c, struct err *e)
{
	int r;

	if (!c->ahead)
		return 0;
	r = name_process(c, e);
	if (r >= 0)
		r = container_put_record(c->dirfd, STORE_STATE_MADE, &c->record, c->cgroup, e);
	/* That it died is for serve() to say. */
	if (r >= 0)
		(void)sync_send(c->child.syncfd, SYNC_GO, 0, -1, NULL);
	return r;
}

static int record_process(struct creation *c, struct err *e)
{
	int r = c->ahead ? 0 : name_process(c, e);

	return r < 0 || c->ahead ? r : write_record(c, e);
}

/* Now that the record names it, init may go: to the gate, or straight to its program. */
static int let_go(struct creation *c, struct err *e)
{
	int r;

	if (c->req->way)
		return c->req->way->let_go(c, e);
	if (c->ahead)
		return serve_exec(&c->service, e);
	if (!c->req->gate) {
		r = notify_socket_open(&c->notify, c->dirfd, e);
		return r < 0 ? r : serve_until_exec(&c->service, e);
	}
	return sync_send(c->child.syncfd, SYNC_GO, 0, -1, e);
}

static int make(struct creation *c, struct err *e)
{
	/* The record of what will be made is on disk before it is made; the gate before init
	 * inherits it. */
	static int (*const stages[])(struct creation *, struct err *) = {
		hold_signals,
		make_directory,
		write_record,
		keep_hooks,
		make_gate,
		make_notify_directory,
		make_cgroup,
		restrict_devices_early,
		make_resctrl,
		drop_clone_early,
		spawn_init,
		/* Init works meanwhile, and waits for none of these, or only much later. */
		bring_up_loopback,
		restrict_devices_late,
		keep_config,
		/* Before the program may run: it could be /proc/self/exe. */
		drop_clone,
		go_ahead,
		bring,
		enter_resctrl,
		tell_pid,
		record_process,
		let_go,
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(stages); i++)
		r = stages[i](c, e);
	return r;
}

/* runtime.md: when a hook of creation fails, the life cycle goes on with the poststop hooks. */
static void run_poststop(struct creation *c)
{
	struct hook_call call = { .state = &c->state, .cwdfd = c->bundlefd };

	poststop_run(c->dirfd, c->spec->hooks, &call);
}

void creation_undo(struct creation *c)
{
	int *const spare[] = { &c->bundlefd, &c->rootfsfd,  &c->consolefd,
			       &c->gatefd,   &c->pidfdsock, &c->notifydirfd };
	bool had_process = c->child.pid != 0;
	/* The first process took all others with it. */
	bool all_dead = c->child.reaped && c->record.own_pidns;
	struct err why = { 0 };

	child_done(&c->child);
	if (c->pid_file_made)
		(void)unlink(c->req->pid_file);
	if (c->cgroup_made) {
		if (!all_dead)
			(void)cgroup_kill(c->cgroup, SIGKILL, NULL);
		if (cgroup_destroy(c->cgroup, &why) < 0)
			log_warning("clearing up: %s", why.msg);
		c->cgroup_made = false;
	}
	if (c->rdt_made)
		rdt_undo(&c->record, c->rdt);
	c->rdt_made = false;
	/* Out of descriptors is a reason to be here, and the rest needs some. */
	cgroup_free(steal_ptr(&c->cgroup));
	if (had_process)
		run_poststop(c);
	for (size_t i = 0; i < ARRAY_LEN(spare); i++) {
		close_at_exit(spare[i]);
		*spare[i] = -1;
	}
	if (c->dirfd >= 0 && store_remove(&c->store, c->req->id, &why) < 0)
		log_warning("clearing up: %s", why.msg);
}

int creation_run(struct creation *c, struct err *e)
{
	int r = creation_plan(c, e);

	if (r >= 0) {
		r = make(c, e);
		if (r < 0)
			creation_undo(c);
	}
	return r < 0 ? err_wrap(e, r, "%s '%s'", c->req->way ? c->req->way->verb : "create",
				c->req->id)
		     : 0;
}

void creation_done(struct creation *c)
{
	const int fds[] = { c->bundlefd, c->rootfsfd, c->consolefd,   c->pidfdsock, c->sigfd,
			    c->gatefd,   c->dirfd,    c->notifydirfd, c->masterfd };

	if (c->dirfd >= 0)
		store_unlock(c->dirfd);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close_at_exit(&fds[i]);
	hook_output_done(&c->hook_output);
	notify_socket_done(&c->notify);
	child_release(&c->child);
	store_done(&c->store);
	cgroup_free(c->cgroup);
	seccomp_program_done(&c->seccomp);
	strbuf_done(&c->config);
	arena_done(&c->arena);
	*c = (struct creation)CREATION_NONE;
}
