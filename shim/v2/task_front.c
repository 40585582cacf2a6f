/* SPDX-License-Identifier: Apache-2.0 */
/* What the core and the streams tell of a process: events, and the answer of who asked. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/log.h"
#include "shim/cgroup/find.h"
#include "shim/core/memory.h"
#include "shim/v2/rootfs.h"
#include "shim/v2/task.h"

/* ---- failures ---- */

/* Without the verb that the core begins with, since the text has its own. */
static const char *reason_of(const struct err *why)
{
	for (int v = 0; v < RUNTIME_VERB_COUNT; v++) {
		const char *name = runtime_verb_name((enum runtime_verb)v);
		size_t len = strlen(name);

		if (starts_with(why->msg, name) && starts_with(why->msg + len, ": "))
			return why->msg + len + 2;
	}
	return why->msg;
}

static const char *verb_of(const struct proc *p)
{
	if (p->p.kind == PROCESS_EXECED)
		return "exec";
	if (p->deleting)
		return "delete";
	if (!p->task->made)
		return "create";
	return p->p.kind == PROCESS_RESTORED ? "restore" : "start";
}

void task_fail(struct ttrpc_call *call, const struct proc *p, const struct err *why)
{
	ttrpc_fail(call, TTRPC_UNKNOWN, "OCI runtime %s failed: %s", verb_of(p), reason_of(why));
}

void task_unmount(struct task *t)
{
	struct err e = { 0 };

	if (t->mounted && rootfs_unmount(t->container.bundle, &e) < 0)
		log_warning("%s: %s", t->container.id, e.msg);
	t->mounted = false;
}

static void on_failed(struct process *core, const struct err *why)
{
	struct proc *p = core->ctx;
	bool never_made = core->state == PROCESS_FAILED && proc_is_init(p) && !p->task->made;
	struct ttrpc_call *asker;

	if (never_made)
		task_unmount(p->task); /* who is answered clears the bundle away */
	if (p->asker) {
		/* The text needs the state, and who is answered may ask again only after this. */
		asker = proc_release(p);
		task_fail(asker, p, why);
	}
	if (core->state != PROCESS_FAILED)
		return; /* a created one that did not start: the caller deletes it */
	if (never_made) {
		task_free(p->task);
		return;
	}
	streams_done(&p->io);
	p->drained = true;
	if (p->p.exited)
		proc_tell_exit(p);
	else
		proc_tell_failed(p);
	task_exited(p->task);
}

/* ---- created and started ---- */

static int on_open_stdio(struct process *core, int stdio[3], struct err *e UNUSED)
{
	struct proc *p = core->ctx;

	streams_give(&p->io, stdio);
	return 0;
}

static int on_take_terminal(struct process *core, int master, struct err *e)
{
	struct proc *p = core->ctx;

	return streams_terminal(&p->io, master, e);
}

static void reply_pid(struct proc *p)
{
	struct msg_pid_reply reply = { .pid = pb_set(p->p.pid) };

	if (p->asker)
		ttrpc_reply(proc_release(p), &reply);
}

/* While its first process is where the runtime has put it. */
static void know_cgroup(struct task *t)
{
	struct err e = { 0 };

	if (t->init.p.pid == 0)
		return;
	if (cgroup_text(t->init.p.pid, &t->cgroup, &e) < 0 ||
	    oom_watch_open(&t->oom, t->init.p.pid, &e) < 0)
		log_debug("%s: %s", t->container.id, e.msg);
}

static void on_created(struct process *core)
{
	struct proc *p = core->ctx;
	struct task *t = p->task;

	t->made = true;
	know_cgroup(t);
	t->create_event->pid = pb_set(core->pid);
	publish(t->all->publisher, MSG_EVENT_CREATE, t->create_event);
	arena_done(t->making);
	free(steal_ptr(&t->making));
	t->create_event = NULL;
	reply_pid(p);
	memory_give_back();
}

static void tell_started(struct proc *p)
{
	struct task *t = p->task;
	struct msg_event_pid start = { .container_id = t->container.id, .pid = pb_set(p->p.pid) };
	struct msg_event_exec exec = { .container_id = t->container.id,
				       .exec_id = p->exec_id,
				       .pid = pb_set(p->p.pid) };

	if (proc_is_init(p))
		publish(t->all->publisher, MSG_EVENT_START, &start);
	else
		publish(t->all->publisher, MSG_EVENT_EXEC_STARTED, &exec);
}

static void on_started(struct process *core)
{
	struct proc *p = core->ctx;

	if (core->kind == PROCESS_RESTORED)
		know_cgroup(p->task);
	if (p->specfd >= 0)
		(void)close(steal_fd(&p->specfd));
	tell_started(p);
	reply_pid(p);
	memory_give_back();
}

/* ---- ended and deleted ---- */

static void on_exited(struct process *core)
{
	struct proc *p = core->ctx;
	struct task *t = p->task;

	streams_ended(&p->io);
	if (proc_is_init(p)) {
		task_init_exited(t);
		return;
	}
	proc_tell_exit(p);
	task_exited(t);
}

static void tell_deleted(struct proc *p)
{
	struct msg_timestamp at;
	struct msg_event_delete event = {
		.container_id = p->task->container.id,
		.pid = pb_set(p->p.pid),
		.exit_status = pb_set(proc_exit_status(p)),
		.exited_at = (struct msg_timestamp *)(uintptr_t)proc_exited_at(p, &at),
	};

	publish(p->task->all->publisher, MSG_EVENT_DELETE, &event);
}

static void reply_deleted(struct proc *p)
{
	struct msg_timestamp at;
	struct msg_delete_reply reply = {
		.pid = pb_set(p->p.pid),
		.exit_status = pb_set(proc_exit_status(p)),
		.exited_at = (struct msg_timestamp *)(uintptr_t)proc_exited_at(p, &at),
	};

	if (p->asker)
		ttrpc_reply(proc_release(p), &reply);
}

/* What it left in files goes before the answer: who asked looks at once, or removes the bundle. */
static void finish_delete(struct proc *p)
{
	struct task *t = p->task;

	if (p->p.exited && !p->told)
		proc_tell_exit(p);
	if (!proc_is_init(p)) {
		proc_remove_pid_file(p);
		reply_deleted(p);
		proc_free_exec(p);
		return;
	}
	while (t->execs)
		proc_free_exec(t->execs);
	task_unmount(t);
	tell_deleted(p);
	reply_deleted(p);
	task_free(t);
	memory_give_back();
}

/* Somebody else has deleted it: that is what was wanted. */
static bool says_it_is_gone(const struct err *why)
{
	return strstr(why->msg, "does not exist") != NULL;
}

static void on_deleted(struct process *core, const struct err *why)
{
	struct proc *p = core->ctx;
	struct ttrpc_call *asker;

	if (!why || says_it_is_gone(why)) {
		finish_delete(p);
		return;
	}
	asker = proc_release(p);
	if (asker)
		task_fail(asker, p, why);
	p->deleting = false;
}

void proc_continue_delete(struct proc *p)
{
	struct err e = { 0 };

	if (p->p.exited && !p->drained)
		return;
	if (p->p.state == PROCESS_FAILED) {
		finish_delete(p);
	} else if (process_delete(&p->p, &e) < 0) {
		p->deleting = false;
		ttrpc_fail(proc_release(p), TTRPC_FAILED_PRECONDITION, "%s", e.msg);
	}
}

const struct process_front task_process_front = {
	.open_stdio = on_open_stdio,
	.take_terminal = on_take_terminal,
	.created = on_created,
	.started = on_started,
	.failed = on_failed,
	.exited = on_exited,
	.deleted = on_deleted,
};

/* ---- streams ---- */

/* The logger is there, or will never be: what waited for it goes on. */
static void on_streams_ready(void *ctx, const struct err *why)
{
	struct proc *p = ctx;
	struct err e = { 0 };

	if (why) {
		if (proc_is_init(p))
			task_unmount(p->task);
		if (p->asker)
			ttrpc_fail(proc_release(p), TTRPC_UNKNOWN, "%s", why->msg);
		process_abandon(&p->p);
	} else if (proc_is_init(p)) {
		task_make(p->task);
	} else {
		(void)process_start(&p->p, &e);
	}
}

static void on_drained(void *ctx)
{
	struct proc *p = ctx;

	p->drained = true;
	streams_done(&p->io);
	if (p->deleting)
		proc_continue_delete(p);
}

const struct streams_front task_streams_front = {
	.ready = on_streams_ready,
	.drained = on_drained,
};
