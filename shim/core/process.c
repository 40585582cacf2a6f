/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/log.h"
#include "shim/core/ending.h"

static void act(struct process *p, enum process_action action);

/* ---- events ---- */

static void post(struct process *p, enum process_event ev)
{
	struct process_cell cell = process_cell(p->state, ev);

	log_debug("%s %d: %s -> %s, %s", p->container->id, (int)p->pid,
		  process_state_name(p->state), process_event_name(ev),
		  process_action_name(cell.action));
	p->state = cell.next;
	act(p, cell.action);
}

/* The first error counts. */
static void keep_failure(struct process *p, const struct err *e)
{
	if (p->failure)
		return;
	p->failure = xcalloc(1, sizeof(*p->failure));
	memcpy(p->failure, e, sizeof(*e));
}

static void on_call_done(struct call *c, bool ok)
{
	struct process *p = c->ctx;
	struct err e = { 0 };

	if (!ok) {
		(void)call_failure(c, &e);
		keep_failure(p, &e);
	}
	post(p, ok ? PROCESS_EV_CALL_OK : PROCESS_EV_CALL_FAILED);
}

static void on_exit_seen(struct child *child, const struct child_end *end)
{
	struct process *p = (struct process *)((char *)child - offsetof(struct process, child));

	p->exited = true;
	p->end = *end;
	if (end->known && p->kind != PROCESS_EXECED)
		ending_tell(&p->container->runtime, p->container->id, p->pid, end->status);
	post(p, PROCESS_EV_EXITED);
}

/* A step that is done at once: on failure the event that a failed call would be. */
static void attempt(struct process *p, int (*step)(struct process *, struct err *))
{
	struct err e = { 0 };

	if (step(p, &e) >= 0)
		return;
	keep_failure(p, &e);
	post(p, PROCESS_EV_CALL_FAILED);
}

/* ---- calls of the runtime ---- */

static int call(struct process *p, enum runtime_verb verb, const struct runtime_ask *ask,
		const int *stdio, struct err *e)
{
	return call_start(&p->call, &p->container->runtime, verb, ask, stdio, e);
}

static int call_simple(struct process *p, enum runtime_verb verb, bool force, struct err *e)
{
	struct runtime_ask ask = { .id = p->container->id, .force = force };

	return call(p, verb, &ask, NULL, e);
}

static int open_stdio(struct process *p, int stdio[3], struct err *e)
{
	struct container *c = p->container;

	if (p->terminal)
		return console_listen(&p->console, c->dirfd, c->consoles++, e);
	return p->front->open_stdio(p, stdio, e);
}

/* create, exec or restore: the calls that get the process's descriptors. */
static int call_maker(struct process *p, enum runtime_verb verb, struct err *e)
{
	char console[CONSOLE_PATH_SIZE];
	struct runtime_ask ask = {
		.id = p->container->id,
		.bundle = p->container->bundle,
		.pid_file = p->pid_file,
		.process = p->process_file,
		.image_path = p->image_path,
		.work_path = p->work_path,
		.more = p->more,
	};
	int stdio[3] = { -1, -1, -1 };
	int r = open_stdio(p, stdio, e);

	if (r >= 0 && p->terminal)
		ask.console = console_path(&p->console, console);
	if (r >= 0)
		r = call(p, verb, &ask, p->terminal ? NULL : stdio, e);
	for (int i = 0; i < 3; i++)
		if (stdio[i] >= 0)
			(void)close(stdio[i]);
	return r;
}

static int create(struct process *p, struct err *e)
{
	return call_maker(p, RUNTIME_CREATE, e);
}

static int launch(struct process *p, struct err *e)
{
	return call_maker(p, p->kind == PROCESS_EXECED ? RUNTIME_EXEC : RUNTIME_RESTORE, e);
}

static int start(struct process *p, struct err *e)
{
	return call_simple(p, RUNTIME_START, false, e);
}

/* ---- knowing the process ---- */

static int take_terminal(struct process *p, struct err *e)
{
	int master;

	if (!p->terminal)
		return 0;
	master = console_receive(&p->console, e);
	return master < 0 ? master : p->front->take_terminal(p, master, e);
}

/* The runtime has made it and gone: the process is our child now, alive or not. */
static int adopt(struct process *p, struct err *e)
{
	int r = runtime_read_pid(AT_FDCWD, p->pid_file, &p->pid, e);

	if (r < 0)
		return r;
	r = child_watch(&p->child, p->container->reaper, p->pid, -1, on_exit_seen, e);
	return r < 0 ? r : take_terminal(p, e);
}

static void adopt_then(struct process *p, void (*tell)(struct process *))
{
	struct err e = { 0 };

	if (adopt(p, &e) >= 0) {
		tell(p);
		return;
	}
	keep_failure(p, &e);
	post(p, PROCESS_EV_CALL_FAILED);
}

/* ---- the end ---- */

static void delete (struct process *p, bool force)
{
	struct err e = { 0 };

	free(p->failure);
	p->failure = NULL;
	if (p->kind == PROCESS_EXECED) {
		post(p, PROCESS_EV_CALL_OK);
		return;
	}
	if (call_simple(p, RUNTIME_DELETE, force || !p->exited, &e) >= 0)
		return;
	keep_failure(p, &e);
	post(p, PROCESS_EV_CALL_FAILED);
}

/* Whatever there may be of it.  An exec that failed has left nothing: the runtime sees to that. */
static void undo(struct process *p)
{
	struct err e = { 0 };

	console_close(&p->console);
	if (process_lives(p))
		(void)child_signal(&p->child, SIGKILL);
	if (p->kind == PROCESS_EXECED || call_simple(p, RUNTIME_DELETE, true, &e) < 0)
		post(p, PROCESS_EV_CALL_FAILED);
}

static void tell_failed(struct process *p)
{
	struct err e = { 0 };

	(void)err_set(&e, ECANCELED, "given up");
	keep_failure(p, &e);
	p->front->failed(p, p->failure);
}

/* After the runtime's delete the process has ended, though the loop may not have seen it. */
static void tell_deleted(struct process *p)
{
	child_collect(&p->child);
	p->front->deleted(p, NULL);
}

static void tell_start_failed(struct process *p, bool and_exited)
{
	struct err *why = p->failure;

	p->failure = NULL;
	p->front->failed(p, why);
	free(why);
	if (and_exited)
		p->front->exited(p);
}

static void tell_started_exited(struct process *p)
{
	p->front->started(p);
	p->front->exited(p);
}

static void act(struct process *p, enum process_action action)
{
	switch (action) {
	case PROCESS_DO_NONE:
	case PROCESS_DO_REFUSE: /* process_ask() says it */
		break;
	case PROCESS_DO_CREATE:
		attempt(p, create);
		break;
	case PROCESS_DO_ADOPT:
		adopt_then(p, p->front->created);
		break;
	case PROCESS_DO_START:
		attempt(p, start);
		break;
	case PROCESS_DO_LAUNCH:
		attempt(p, launch);
		break;
	case PROCESS_DO_ADOPT_STARTED:
		adopt_then(p, p->front->started);
		break;
	case PROCESS_DO_TELL_STARTED:
		p->front->started(p);
		break;
	case PROCESS_DO_TELL_START_FAILED:
		tell_start_failed(p, false);
		break;
	case PROCESS_DO_TELL_EXITED:
		p->front->exited(p);
		break;
	case PROCESS_DO_TELL_STARTED_EXITED:
		tell_started_exited(p);
		break;
	case PROCESS_DO_TELL_FAILED_EXITED:
		tell_start_failed(p, true);
		break;
	case PROCESS_DO_DELETE:
		delete (p, false);
		break;
	case PROCESS_DO_DELETE_FORCE:
		delete (p, true);
		break;
	case PROCESS_DO_TELL_DELETED:
		tell_deleted(p);
		break;
	case PROCESS_DO_TELL_DELETE_FAILED:
		p->front->deleted(p, p->failure);
		break;
	case PROCESS_DO_TELL_DELETE_FAILED_EXITED:
		p->front->deleted(p, p->failure);
		p->front->exited(p);
		break;
	case PROCESS_DO_KILL_CALL:
		call_kill(&p->call);
		break;
	case PROCESS_DO_UNDO:
		undo(p);
		break;
	case PROCESS_DO_TELL_FAILED:
		tell_failed(p);
		break;
	case PROCESS_ACTION_COUNT:
		break;
	}
}

/* ---- asked by the front ---- */

void process_init(struct process *p, struct container *c, enum process_kind kind,
		  const struct process_front *front, void *ctx)
{
	*p = (struct process){
		.container = c,
		.kind = kind,
		.front = front,
		.ctx = ctx,
		.console = CONSOLE_NONE,
		.child = CHILD_NONE,
	};
	call_init(&p->call, c->reaper, on_call_done, p);
}

void process_done(struct process *p)
{
	call_free(&p->call);
	console_close(&p->console);
	child_forget(&p->child);
	free(p->failure);
	p->failure = NULL;
}

static int ask(struct process *p, enum process_event ev, struct err *e)
{
	if (process_cell(p->state, ev).action == PROCESS_DO_REFUSE)
		return err_set(e, EPROTO, "cannot %s a process that is %s", process_event_name(ev),
			       process_state_name(p->state));
	post(p, ev);
	return 0;
}

int process_create(struct process *p, struct err *e)
{
	return ask(p, PROCESS_EV_CREATE, e);
}

int process_start(struct process *p, struct err *e)
{
	return ask(p, PROCESS_EV_START, e);
}

int process_delete(struct process *p, struct err *e)
{
	return ask(p, PROCESS_EV_DELETE, e);
}

void process_abandon(struct process *p)
{
	post(p, PROCESS_EV_ABANDON);
}

void process_started_by_other(struct process *p)
{
	post(p, PROCESS_EV_STARTED);
}

void process_note_stderr(struct process *p, const char *data, size_t len)
{
	if (call_runs(&p->call))
		call_note_output(&p->call, data, len);
}
