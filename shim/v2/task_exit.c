/* SPDX-License-Identifier: Apache-2.0 */
/* How processes ended: who is told, and when. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "shim/cgroup/members.h"
#include "shim/v2/task.h"

struct task_wait {
	struct task_wait *next;
	struct proc *proc;
	struct ttrpc_call *call;
};

/* ---- those who wait ---- */

static void on_waiter_gone(void *ctx, struct ttrpc_call *call UNUSED)
{
	struct task_wait *w = ctx, **at = &w->proc->waits;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	free(w);
}

void task_wait_add(struct proc *p, struct ttrpc_call *call)
{
	struct task_wait *w = xcalloc(1, sizeof(*w));

	*w = (struct task_wait){ .next = p->waits, .proc = p, .call = call };
	p->waits = w;
	ttrpc_call_watch(call, on_waiter_gone, w);
}

static struct ttrpc_call *take_waiter(struct proc *p)
{
	struct task_wait *w = p->waits;
	struct ttrpc_call *call = w->call;

	p->waits = w->next;
	free(w);
	return call;
}

static void answer_waiters(struct proc *p)
{
	struct msg_timestamp at;
	struct msg_wait_reply reply = {
		.exit_status = pb_set(proc_exit_status(p)),
		.exited_at = (struct msg_timestamp *)(uintptr_t)proc_exited_at(p, &at),
	};

	while (p->waits)
		ttrpc_reply(take_waiter(p), &reply);
}

void task_wait_end(struct proc *p)
{
	while (p->waits)
		ttrpc_fail(take_waiter(p), TTRPC_NOT_FOUND, "the process was deleted");
}

/* ---- the end ---- */

void proc_tell_exit(struct proc *p)
{
	struct msg_timestamp at;
	struct msg_event_exit event = {
		.container_id = p->task->container.id,
		.id = proc_is_init(p) ? p->task->container.id : p->exec_id,
		.pid = pb_set(p->p.pid),
		.exit_status = pb_set(proc_exit_status(p)),
	};

	p->told = true;
	event.exited_at = (struct msg_timestamp *)(uintptr_t)proc_exited_at(p, &at);
	publish(p->task->all->publisher, MSG_EVENT_EXIT, &event);
	answer_waiters(p);
}

void proc_tell_failed(struct proc *p)
{
	p->told = true;
	answer_waiters(p);
}

/* Has an exit that is still to be told. */
static bool is_under_way(const struct proc *p)
{
	return process_lives(&p->p) || call_runs(&p->p.call) || (p->p.exited && !p->told);
}

/* A runtime that may make no group leaves the container in ours, where others are as well: whoever
 * called us, all that a person has running. */
static bool holds_us(const struct members *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->pids[i] == getpid())
			return true;
	return false;
}

static void kill_members(const struct task *t)
{
	struct members m = { 0 };

	if (!t->cgroup || members_read(t->cgroup, &m, NULL) < 0)
		return;
	for (size_t i = 0; i < m.n && !holds_us(&m); i++)
		(void)kill(m.pids[i], SIGKILL);
	free(m.pids);
}

/* The first process took its pid namespace with it, if it had one; where it had none, nobody else
 * ends the others.  What they start meanwhile, the runtime's delete ends. */
static void end_the_rest(struct task *t)
{
	if (!t->shared_pids)
		return;
	for (struct proc *p = t->execs; p; p = p->next)
		if (process_lives(&p->p))
			(void)child_signal(&p->p.child, SIGKILL);
	kill_members(t);
}

void task_exited(struct task *t)
{
	struct proc *init = &t->init;

	if (!init->p.exited || init->told)
		return;
	for (const struct proc *p = t->execs; p; p = p->next)
		if (is_under_way(p))
			return;
	proc_tell_exit(init);
}

void task_init_exited(struct task *t)
{
	/* The exit may be seen before the event it came from. */
	oom_watch_check(&t->oom);
	t->paused = false;
	end_the_rest(t);
	task_exited(t);
}
