/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/task.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/log.h"
#include "libutil/proc.h"

#define ID_MAX 255
/* A container has a dozen paths, an exec half of that. */
#define TEXTS_SIZE 1024

/* ---- names ---- */

bool task_is_id(const char *id)
{
	size_t len = id ? strlen(id) : 0;

	if (len == 0 || len > ID_MAX || !isalnum((unsigned char)id[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]) && !strchr("._-", id[i]))
			return false;
	return true;
}

struct task *task_find(struct tasks *all, struct ttrpc_call *call, const char *id)
{
	for (struct task *t = all->first; t; t = t->next)
		if (t->made && !t->gone && streq(t->container.id, text_or_empty(id)))
			return t;
	ttrpc_fail(call, TTRPC_NOT_FOUND, "container '%s' not created", text_or_empty(id));
	return NULL;
}

struct proc *proc_find(struct tasks *all, struct ttrpc_call *call, const char *id,
		       const char *exec_id)
{
	struct task *t = task_find(all, call, id);

	if (!t)
		return NULL;
	if (!exec_id || !exec_id[0])
		return &t->init;
	for (struct proc *p = t->execs; p; p = p->next)
		if (streq(p->exec_id, exec_id))
			return p;
	ttrpc_fail(call, TTRPC_NOT_FOUND, "process does not exist %s", exec_id);
	return NULL;
}

/* ---- life ---- */

static void proc_init(struct proc *p, struct task *t, const char *exec_id, enum process_kind kind)
{
	*p = (struct proc){
		.task = t,
		.exec_id = exec_id,
		.stdin_path = "",
		.stdout_path = "",
		.stderr_path = "",
		.specfd = -1,
	};
	process_init(&p->p, &t->container, kind, &task_process_front, p);
	streams_init(&p->io, t->all->loop, &task_streams_front, p);
}

static void proc_done(struct proc *p)
{
	task_wait_end(p);
	if (p->asker)
		ttrpc_fail(proc_release(p), TTRPC_UNAVAILABLE, "the shim ends");
	process_done(&p->p);
	streams_done(&p->io);
	if (p->specfd >= 0)
		(void)close(p->specfd);
	arena_done(&p->a);
}

static void on_oom(void *ctx)
{
	const struct task *t = ctx;
	struct msg_event_id event = { .container_id = t->container.id };

	publish(t->all->publisher, MSG_EVENT_OOM, &event);
}

struct task *task_new(struct tasks *all, const char *id)
{
	struct task *t = xcalloc(1, sizeof(*t));

	t->a.first = TEXTS_SIZE;
	t->all = all;
	t->container = (struct container){
		.id = arena_strdup(&t->a, id),
		.reaper = all->reaper,
		.dirfd = -1,
	};
	t->checkpoint = "";
	proc_init(&t->init, t, "", PROCESS_INIT);
	oom_watch_init(&t->oom, all->loop, on_oom, t);
	t->next = all->first;
	all->first = t;
	return t;
}

static void unlink_task(struct task *t)
{
	struct task **at = &t->all->first;

	while (*at && *at != t)
		at = &(*at)->next;
	if (*at)
		*at = t->next;
}

static void free_now(struct task *t)
{
	unlink_task(t);
	while (t->execs)
		proc_free_exec(t->execs);
	proc_done(&t->init);
	oom_watch_done(&t->oom);
	free(t->cgroup);
	if (t->container.dirfd >= 0)
		(void)close(t->container.dirfd);
	if (t->making)
		arena_done(t->making);
	free(t->making);
	arena_done(&t->a);
	if (!t->all->first)
		t->all->emptied(t->all->ctx);
	free(t);
}

void task_free(struct task *t)
{
	t->gone = true;
	if (t->jobs == 0)
		free_now(t);
}

struct proc *proc_new_exec(struct task *t, const char *exec_id)
{
	struct proc *p = xcalloc(1, sizeof(*p));

	proc_init(p, t, NULL, PROCESS_EXECED);
	p->a.first = TEXTS_SIZE;
	p->exec_id = arena_strdup(&p->a, exec_id);
	p->next = t->execs;
	t->execs = p;
	return p;
}

void proc_remove_pid_file(const struct proc *p)
{
	if (p->p.pid_file)
		(void)unlink(p->p.pid_file);
}

void proc_free_exec(struct proc *p)
{
	struct proc **at = &p->task->execs;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	proc_remove_pid_file(p);
	proc_done(p);
	free(p);
}

/* Without touching a container: whoever comes after us cleans up, or finds it running. */
void tasks_done(struct tasks *all)
{
	while (all->first) {
		all->first->jobs = 0;
		task_free(all->first);
	}
}

/* ---- what is known of one ---- */

static enum msg_task_status running_or_paused(const struct proc *p)
{
	return p->task->paused ? MSG_TASK_PAUSED : MSG_TASK_RUNNING;
}

enum msg_task_status proc_status(const struct proc *p)
{
	switch (p->p.state) {
	case PROCESS_NEW:
	case PROCESS_CREATING:
	case PROCESS_CREATED:
	case PROCESS_STARTING:
	case PROCESS_LAUNCHING:
	case PROCESS_DISCARDING:
	case PROCESS_DISCARDED:
		return MSG_TASK_CREATED;
	case PROCESS_OUTRUN:
	case PROCESS_RUNNING:
		return running_or_paused(p);
	case PROCESS_STOPPED:
	case PROCESS_DELETING:
		return p->told ? MSG_TASK_STOPPED : running_or_paused(p);
	case PROCESS_ABANDONING:
	case PROCESS_UNDOING:
	case PROCESS_FAILED:
	case PROCESS_DELETED:
	case PROCESS_STATE_COUNT:
		break;
	}
	return MSG_TASK_STOPPED;
}

uint32_t proc_exit_status(const struct proc *p)
{
	if (p->p.exited)
		return p->p.end.known ? (uint32_t)proc_exit_code(p->p.end.status)
				      : TASK_STATUS_UNKNOWN;
	return p->p.state == PROCESS_FAILED ? TASK_STATUS_UNKNOWN : 0;
}

const struct msg_timestamp *proc_exited_at(const struct proc *p, struct msg_timestamp *buf)
{
	if (!p->told || !p->p.exited)
		return NULL;
	*buf = msg_timestamp(p->p.end.at);
	return buf;
}

bool proc_claim(struct proc *p, struct ttrpc_call *call)
{
	if (p->asker) {
		ttrpc_fail(call, TTRPC_FAILED_PRECONDITION,
			   "another call on this process is under way");
		return false;
	}
	p->asker = call;
	return true;
}

struct ttrpc_call *proc_release(struct proc *p)
{
	return steal_ptr(&p->asker);
}

static void dump(const struct proc *p)
{
	log_info("%s %s: pid %d, %s%s%s%s", p->task->container.id,
		 proc_is_init(p) ? "init" : p->exec_id, (int)p->p.pid,
		 process_state_name(p->p.state), p->task->paused ? ", paused" : "",
		 p->told ? ", exit told" : "", p->asker ? ", a call is under way" : "");
}

void tasks_dump(const struct tasks *all)
{
	log_info("events that wait: %zu", all->publisher->n);
	for (const struct task *t = all->first; t; t = t->next) {
		dump(&t->init);
		for (const struct proc *p = t->execs; p; p = p->next)
			dump(p);
	}
}
