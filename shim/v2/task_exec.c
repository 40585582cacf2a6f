/* SPDX-License-Identifier: Apache-2.0 */
/* Exec, Start, Delete: the life of processes by request. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libutil/json.h"
#include "shim/v2/job.h"
#include "shim/v2/task.h"

/* ---- Exec ---- */

/* The document of the process with `terminal` as the caller wants it, and nothing else changed. */
static int rewrite(const struct msg_exec_request *q, struct strbuf *out, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct json_writer w = { .out = out };
	const struct pb_bytes *value = &q->spec->value;
	struct json *doc = NULL;
	int r = json_parse("spec", (const char *)value->data, value->len, &a, &doc, e);

	if (r < 0)
		return r;
	if (doc->kind != JSON_OBJECT)
		return err_set(e, EBADMSG, "spec: is not an object");
	json_object(&w);
	for (size_t i = 0; i < doc->len; i++) {
		if (streq(doc->keys[i], "terminal"))
			continue;
		json_key(&w, doc->keys[i]);
		json_write_tree(&w, &doc->items[i]);
	}
	json_kv_bool(&w, "terminal", q->terminal.v != 0);
	json_object_end(&w);
	return strbuf_check(out, "the process", e);
}

static int take_spec(struct proc *p, const struct msg_exec_request *q, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	char path[JOB_PATH_SIZE];
	int r;

	if (!q->spec || !q->spec->value.len)
		return err_set(e, EINVAL, "the request has no spec");
	r = rewrite(q, &text, e);
	if (r < 0)
		return r;
	p->specfd = job_document(text.data, text.len, path, e);
	p->p.process_file = arena_strdup(&p->a, path);
	return p->specfd;
}

static void take_texts(struct proc *p, const struct msg_exec_request *q)
{
	p->stdin_path = arena_strdup(&p->a, text_or_empty(q->stdin_path));
	p->stdout_path = arena_strdup(&p->a, text_or_empty(q->stdout_path));
	p->stderr_path = arena_strdup(&p->a, text_or_empty(q->stderr_path));
	p->terminal = q->terminal.v != 0;
	p->p.terminal = p->terminal;
	p->p.pid_file = arena_printf(&p->a, "%s/%s.pid", p->task->container.bundle, p->exec_id);
}

/* Words of the states in which nothing can be exec'ed. */
static const char *refusal(const struct task *t)
{
	switch (proc_status(&t->init)) {
	case MSG_TASK_CREATED:
		return "created";
	case MSG_TASK_PAUSED:
	case MSG_TASK_PAUSING:
		return "paused";
	case MSG_TASK_STOPPED:
		return "stopped";
	case MSG_TASK_RUNNING:
	case MSG_TASK_UNKNOWN:
		break;
	}
	return NULL;
}

static bool has_exec(const struct task *t, const char *exec_id)
{
	for (const struct proc *p = t->execs; p; p = p->next)
		if (streq(p->exec_id, exec_id))
			return true;
	return false;
}

/* False: the call was answered. */
static bool may_exec(const struct task *t, struct ttrpc_call *call, const char *exec_id)
{
	if (!task_is_id(exec_id) || streq(exec_id, "init")) {
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "exec id '%.256s' is no process's name",
			   text_or_empty(exec_id));
		return false;
	}
	if (has_exec(t, exec_id)) {
		ttrpc_fail(call, TTRPC_ALREADY_EXISTS, "id %s", exec_id);
		return false;
	}
	if (refusal(t)) {
		ttrpc_fail(call, TTRPC_FAILED_PRECONDITION, "cannot exec in a %s state",
			   refusal(t));
		return false;
	}
	return true;
}

void task_serve_Exec(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_exec_request *q = request;
	struct task *t = task_find(tasks, call, q->id);
	struct msg_event_exec event = { .exec_id = q->exec_id };
	struct err e = { 0 };
	struct proc *p;

	if (!t || !may_exec(t, call, q->exec_id))
		return;
	p = proc_new_exec(t, q->exec_id);
	take_texts(p, q);
	if (take_spec(p, q, &e) < 0) {
		proc_free_exec(p);
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "%s", e.msg);
		return;
	}
	event.container_id = t->container.id;
	publish(t->all->publisher, MSG_EVENT_EXEC_ADDED, &event);
	ttrpc_reply(call, &(struct msg_empty){ 0 });
}

/* ---- Start ---- */

static int start_exec(struct proc *p, struct err *e)
{
	int r;

	/* A second Start is the core's to refuse. */
	if (p->p.state != PROCESS_NEW)
		return process_start(&p->p, e);
	r = task_open_streams(p, e);
	return r > 0 ? process_start(&p->p, e) : r;
}

void task_serve_Start(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_process_request *q = request;
	struct proc *p = proc_find(tasks, call, q->id, q->exec_id);
	struct err e = { 0 };
	int r;

	if (!p)
		return;
	if (!proc_is_init(p) && p->task->init.p.exited) {
		ttrpc_fail(call, TTRPC_FAILED_PRECONDITION, "container %s is not running", q->id);
		return;
	}
	if (!proc_claim(p, call))
		return;
	r = proc_is_init(p) ? process_start(&p->p, &e) : start_exec(p, &e);
	if (r >= 0 || !p->asker)
		return;
	ttrpc_fail(proc_release(p), r == -EPROTO ? TTRPC_FAILED_PRECONDITION : TTRPC_UNKNOWN, "%s",
		   e.msg);
	if (!proc_is_init(p) && p->p.state == PROCESS_NEW)
		process_abandon(&p->p);
}

/* ---- Delete ---- */

/* One that ended, or that never ran. */
static bool may_delete(const struct proc *p)
{
	if (p->p.state == PROCESS_STOPPED)
		return p->told;
	return p->p.state == PROCESS_NEW || p->p.state == PROCESS_CREATED ||
	       p->p.state == PROCESS_FAILED;
}

void task_serve_Delete(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_process_request *q = request;
	struct proc *p = proc_find(tasks, call, q->id, q->exec_id);

	if (!p)
		return;
	if (!may_delete(p)) {
		ttrpc_fail(call, TTRPC_UNKNOWN, "cannot delete a running process");
		return;
	}
	if (!proc_claim(p, call))
		return;
	p->deleting = true;
	proc_continue_delete(p);
}
