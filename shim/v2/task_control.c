/* SPDX-License-Identifier: Apache-2.0 */
/* Kill, Pause, Resume, Update, Checkpoint, ResizePty, CloseIO, Shutdown: what changes a task. */
#include <errno.h>
#include <signal.h>

#include "libutil/sig.h"
#include "shim/message/options.h"
#include "shim/v2/job.h"
#include "shim/v2/task.h"

#define SIGNAL_MAX 64

static void reply_empty(struct ttrpc_call *call)
{
	ttrpc_reply(call, &(struct msg_empty){ 0 });
}

/* ---- Kill ---- */

/* What runtimes say of a container that runs no more; callers count on the code. */
static enum ttrpc_code code_of_kill(const struct err *why)
{
	static const char *const gone[] = { "not running", "no such process", "No such process",
					    "process already finished", "does not exist" };

	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		if (strstr(why->msg, gone[i]))
			return TTRPC_NOT_FOUND;
	return TTRPC_UNKNOWN;
}

static void kill_by_runtime(struct task *t, struct ttrpc_call *call, int signal, bool all)
{
	struct runtime_ask ask = { .id = t->container.id, .signal = signal, .all = all };
	struct job how = JOB_PLAIN;

	how.code = code_of_kill;
	job_start(t, call, RUNTIME_KILL, &ask, &how);
}

static void kill_process(const struct proc *p, struct ttrpc_call *call, int signal)
{
	int r = child_signal(&p->p.child, signal);

	if (r == -ESRCH)
		ttrpc_fail(call, TTRPC_NOT_FOUND, "process already finished");
	else if (r < 0)
		ttrpc_fail(call, TTRPC_UNKNOWN, "signal %d: %s", signal, strerror(-r));
	else
		reply_empty(call);
}

void task_serve_Kill(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_kill_request *q = request;
	struct proc *p = proc_find(tasks, call, q->id, q->exec_id);
	int signal = (int)q->signal.v;

	if (!p)
		return;
	if (q->signal.v < 0 || q->signal.v > SIGNAL_MAX) {
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "there is no signal %lld",
			   (long long)q->signal.v);
		return;
	}
	if (p->p.pid == 0 && !p->told)
		ttrpc_fail(call, TTRPC_FAILED_PRECONDITION, "process not started");
	else if (proc_is_init(p) && q->all.v)
		kill_by_runtime(p->task, call, signal, true);
	else if (!process_lives(&p->p))
		ttrpc_fail(call, TTRPC_NOT_FOUND, "process already finished");
	else if (proc_is_init(p) && (p->task->paused || p->task->shared_pids))
		/* What is frozen must be thawed to die, and who dies for the others is the
		 * runtime's to know. */
		kill_by_runtime(p->task, call, signal, false);
	else
		kill_process(p, call, signal);
}

/* ---- Pause, Resume ---- */

static const char *status_word(enum msg_task_status s)
{
	static const char *const words[] = {
		[MSG_TASK_UNKNOWN] = "unknown", [MSG_TASK_CREATED] = "created",
		[MSG_TASK_RUNNING] = "running", [MSG_TASK_STOPPED] = "stopped",
		[MSG_TASK_PAUSED] = "paused",   [MSG_TASK_PAUSING] = "pausing",
	};

	return words[s];
}

static void on_paused(struct task *t)
{
	struct msg_event_id event = { .container_id = t->container.id };

	t->paused = !t->init.p.exited;
	publish(t->all->publisher, MSG_EVENT_PAUSED, &event);
}

static void on_resumed(struct task *t)
{
	struct msg_event_id event = { .container_id = t->container.id };

	t->paused = false;
	publish(t->all->publisher, MSG_EVENT_RESUMED, &event);
}

/* Find the task, which must be in the state that the verb begins in. */
static struct task *find_in_state(struct tasks *all, struct ttrpc_call *call, const char *id,
				  enum runtime_verb verb, enum msg_task_status wanted)
{
	struct task *t = task_find(all, call, id);
	enum msg_task_status is;

	if (!t)
		return NULL;
	is = proc_status(&t->init);
	if (is == wanted)
		return t;
	ttrpc_fail(call, TTRPC_UNKNOWN, "cannot %s task in %s state", runtime_verb_name(verb),
		   status_word(is));
	return NULL;
}

static void run_simple(struct task *t, struct ttrpc_call *call, enum runtime_verb verb,
		       void (*went_well)(struct task *))
{
	struct runtime_ask ask = { .id = t->container.id };
	struct job how = JOB_PLAIN;

	how.went_well = went_well;
	job_start(t, call, verb, &ask, &how);
}

void task_serve_Pause(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_id_request *q = request;
	struct task *t = find_in_state(tasks, call, q->id, RUNTIME_PAUSE, MSG_TASK_RUNNING);

	if (t)
		run_simple(t, call, RUNTIME_PAUSE, on_paused);
}

void task_serve_Resume(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_id_request *q = request;
	struct task *t = find_in_state(tasks, call, q->id, RUNTIME_RESUME, MSG_TASK_PAUSED);

	if (t)
		run_simple(t, call, RUNTIME_RESUME, on_resumed);
}

/* ---- Update ---- */

void task_serve_Update(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_update_request *q = request;
	struct task *t = task_find(tasks, call, q->id);
	char path[JOB_PATH_SIZE];
	struct job how = JOB_PLAIN;
	struct runtime_ask ask;
	struct err e = { 0 };

	if (!t)
		return;
	if (!q->resources || !q->resources->value.len) {
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "the request has no resources");
		return;
	}
	how.fd = job_document((const char *)q->resources->value.data, q->resources->value.len, path,
			      &e);
	if (how.fd < 0) {
		ttrpc_fail(call, TTRPC_UNKNOWN, "%s", e.msg);
		return;
	}
	ask = (struct runtime_ask){ .id = t->container.id, .resources = path };
	job_start(t, call, RUNTIME_UPDATE, &ask, &how);
}

/* ---- Checkpoint ---- */

/* Options of the request that are one option of the runtime's. */
static const struct {
	size_t offset;
	const char *option;
} checkpoint_flags[] = {
	{ offsetof(struct msg_checkpoint_options, open_tcp), "--tcp-established" },
	{ offsetof(struct msg_checkpoint_options, external_unix_sockets), "--ext-unix-sk" },
	{ offsetof(struct msg_checkpoint_options, terminal), "--shell-job" },
	{ offsetof(struct msg_checkpoint_options, file_locks), "--file-locks" },
};

static void add_checkpoint_options(struct strv *more, const struct msg_checkpoint_options *o)
{
	const char *const *empty = o->empty_namespaces.items;

	for (size_t i = 0; i < ARRAY_LEN(checkpoint_flags); i++) {
		const char *at = (const char *)o + checkpoint_flags[i].offset;

		if (((const struct pb_number *)at)->v)
			strv_add(more, checkpoint_flags[i].option);
	}
	for (size_t i = 0; i < o->empty_namespaces.n; i++) {
		strv_add(more, "--empty-ns");
		strv_add(more, empty[i]);
	}
	if (o->cgroups_mode && o->cgroups_mode[0]) {
		strv_add(more, "--manage-cgroups-mode");
		strv_add(more, o->cgroups_mode);
	}
	if (!o->exit.v)
		strv_add(more, "--leave-running");
}

static int read_checkpoint_options(const struct msg_any *any, struct arena *a,
				   struct msg_checkpoint_options *ret, struct err *e)
{
	if (!msg_any_is(any, MSG_CHECKPOINT_OPTIONS) || !any->value.len)
		return 0;
	return pb_decode(&msg_checkpoint_options_message, any->value.data, any->value.len, a, ret,
			 e);
}

static void start_checkpoint(struct task *t, struct ttrpc_call *call, const char *path,
			     const struct msg_checkpoint_options *o)
{
	auto_(strv) struct strv more = { 0 };
	struct runtime_ask ask = {
		.id = t->container.id,
		.image_path = path && path[0] ? path : o->image_path,
		.work_path = o->work_path && o->work_path[0] ? o->work_path : NULL,
	};

	add_checkpoint_options(&more, o);
	ask.more.items = (const char **)(uintptr_t)strv_argv(&more);
	ask.more.n = more.n;
	job_start(t, call, RUNTIME_CHECKPOINT, &ask, &JOB_PLAIN);
}

void task_serve_Checkpoint(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_checkpoint_request *q = request;
	struct task *t = task_find(tasks, call, q->id);
	auto_(arena) struct arena a = { 0 };
	struct msg_checkpoint_options o = { 0 };
	struct err e = { 0 };

	if (!t)
		return;
	if (read_checkpoint_options(q->options, &a, &o, &e) < 0)
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "%s", e.msg);
	else
		start_checkpoint(t, call, q->path, &o);
}

/* ---- streams ---- */

void task_serve_ResizePty(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_resize_request *q = request;
	struct proc *p = proc_find(tasks, call, q->id, q->exec_id);
	struct err e = { 0 };

	if (!p)
		return;
	if (q->width.v > UINT16_MAX || q->height.v > UINT16_MAX)
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "no terminal is that large");
	else if (p->told)
		ttrpc_fail(call, TTRPC_FAILED_PRECONDITION, "cannot resize a stopped process");
	else if (streams_resize(&p->io, (uint16_t)q->height.v, (uint16_t)q->width.v, &e) < 0)
		ttrpc_fail(call, TTRPC_UNKNOWN, "%s", e.msg);
	else
		reply_empty(call);
}

void task_serve_CloseIO(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_close_io_request *q = request;
	struct proc *p = proc_find(tasks, call, q->id, q->exec_id);

	if (!p)
		return;
	if (q->stdin_too.v) {
		p->input_closed = true;
		streams_close_input(&p->io);
	}
	reply_empty(call);
}

/* ---- Shutdown ---- */

/* One that is deleted may still have a runtime call, which keeps nobody here. */
static bool has_tasks(const struct tasks *all)
{
	for (const struct task *t = all->first; t; t = t->next)
		if (!t->gone)
			return true;
	return false;
}

/* A pod's shim outlives each of its containers but the last.  Its name is free when that is
 * answered: who asked may start the next one at once. */
void task_serve_Shutdown(void *tasks, struct ttrpc_call *call, const void *request UNUSED)
{
	struct tasks *all = tasks;
	bool ends = !has_tasks(all);

	if (ends) {
		all->closed = true;
		all->leave_name(all->ctx);
	}
	reply_empty(call);
	if (ends)
		all->shutdown(all->ctx);
}
