/* SPDX-License-Identifier: Apache-2.0 */
/* State, Wait, Pids, Stats, Connect: what is asked without changing anything. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "shim/cgroup/members.h"
#include "shim/message/options.h"
#include "shim/v2/metrics.h"
#include "shim/v2/task.h"

void task_serve_State(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_process_request *q = request;
	const struct proc *p = proc_find(tasks, call, q->id, q->exec_id);
	struct msg_timestamp at;
	struct msg_state_reply reply;

	if (!p)
		return;
	/* The id is the process's, as containerd's own shims have it. */
	reply = (struct msg_state_reply){
		.id = proc_is_init(p) ? p->task->container.id : p->exec_id,
		.bundle = p->task->container.bundle,
		.pid = pb_set(p->p.pid),
		.status = pb_set(proc_status(p)),
		.stdin_path = p->stdin_path,
		.stdout_path = p->stdout_path,
		.stderr_path = p->stderr_path,
		.terminal = pb_set(p->terminal),
		.exit_status = pb_set(p->told ? proc_exit_status(p) : 0),
		.exited_at = (struct msg_timestamp *)(uintptr_t)proc_exited_at(p, &at),
		.exec_id = p->exec_id,
	};
	ttrpc_reply(call, &reply);
}

void task_serve_Wait(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_process_request *q = request;
	struct proc *p = proc_find(tasks, call, q->id, q->exec_id);
	struct msg_timestamp at;
	struct msg_wait_reply reply;

	if (!p)
		return;
	if (!p->told) {
		task_wait_add(p, call);
		return;
	}
	reply = (struct msg_wait_reply){
		.exit_status = pb_set(proc_exit_status(p)),
		.exited_at = (struct msg_timestamp *)(uintptr_t)proc_exited_at(p, &at),
	};
	ttrpc_reply(call, &reply);
}

void task_serve_Connect(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_id_request *q = request;
	const struct tasks *all = tasks;
	struct msg_connect_reply reply = { .shim_pid = pb_set(getpid()),
					   .version = PACKAGE_VERSION };

	for (const struct task *t = all->first; t; t = t->next)
		if (t->made && streq(t->container.id, text_or_empty(q->id)))
			reply.task_pid = pb_set(t->init.p.pid);
	ttrpc_reply(call, &reply);
}

/* ---- Pids ---- */

static const struct proc *exec_of_pid(const struct task *t, pid_t pid)
{
	for (const struct proc *p = t->execs; p; p = p->next)
		if (p->p.pid == pid && !p->p.exited)
			return p;
	return NULL;
}

static void describe(const struct task *t, pid_t pid, struct arena *a, struct msg_process_info *ret)
{
	const struct proc *exec = exec_of_pid(t, pid);
	auto_(strbuf) struct strbuf body = { 0 };
	struct msg_process_details details;

	ret->pid = pb_set(pid);
	if (!exec)
		return;
	details = (struct msg_process_details){ .exec_id = exec->exec_id };
	pb_encode(&msg_process_details_message, &details, &body);
	ret->info = arena_alloc(a, 1, sizeof(*ret->info));
	ret->info->type_url = MSG_PROCESS_DETAILS;
	ret->info->value.data = (const uint8_t *)arena_strndup(a, strbuf_str(&body), body.len);
	ret->info->value.len = body.len;
}

/* Those in its control group; of a container whose group is not known the ones we started. */
static int list_pids(const struct task *t, struct members *ret, struct err *e)
{
	if (!process_lives(&t->init.p))
		return 0;
	if (t->cgroup)
		return members_read(t->cgroup, ret, e);
	ret->pids = xcalloc(1, sizeof(*ret->pids));
	ret->pids[0] = t->init.p.pid;
	ret->n = 1;
	return 0;
}

void task_serve_Pids(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_id_request *q = request;
	const struct task *t = task_find(tasks, call, q->id);
	auto_(arena) struct arena a = { 0 };
	struct msg_pids_reply reply = { 0 };
	struct msg_process_info *list;
	struct members m = { 0 };
	struct err e = { 0 };

	if (!t)
		return;
	if (list_pids(t, &m, &e) < 0) {
		ttrpc_fail(call, TTRPC_UNKNOWN, "%s", e.msg);
		return;
	}
	list = arena_alloc(&a, m.n, sizeof(*list));
	for (size_t i = 0; i < m.n; i++)
		describe(t, m.pids[i], &a, &list[i]);
	free(m.pids);
	reply.processes = (struct pb_list){ list, m.n };
	ttrpc_reply(call, &reply);
}

/* ---- Stats ---- */

void task_serve_Stats(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_id_request *q = request;
	const struct task *t = task_find(tasks, call, q->id);
	auto_(strbuf) struct strbuf body = { 0 };
	struct msg_any any = { 0 };
	struct msg_stats_reply reply = { .stats = &any };
	struct err e = { 0 };
	int r;

	if (!t)
		return;
	if (!t->cgroup) {
		ttrpc_fail(call, TTRPC_NOT_FOUND, "the cgroup of '%s' is not known", q->id);
		return;
	}
	r = metrics_encode(t->cgroup, &any.type_url, &body, &e);
	if (r < 0) {
		ttrpc_fail(call, r == -ENOENT ? TTRPC_NOT_FOUND : TTRPC_UNKNOWN, "%s", e.msg);
		return;
	}
	any.value = (struct pb_bytes){ (const uint8_t *)strbuf_str(&body), body.len };
	ttrpc_reply(call, &reply);
}
