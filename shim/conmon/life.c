/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix of state.h with hands and eyes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libutil/proc.h"
#include "shim/conmon/conmon.h"
#include "shim/conmon/exit_files.h"
#include "shim/conmon/place.h"
#include "shim/conmon/say.h"
#include "shim/core/memory.h"
#include "shim/core/runtime.h"

#define NS_PER_S INT64_C(1000000000)
/* What callers are told of a process that was killed at its --timeout, in conmon's words: CRI-O
 * compares them. */
#define TIMED_OUT_STATUS  (-1)
#define TIMED_OUT_MESSAGE "command timed out"
/* How it ended could not be learned: it was no child of ours. */
#define UNKNOWN_STATUS (-1)

static void act(struct conmon *c, enum life_action action);

#define CONMON_OF(child_, member)                                                                  \
	((struct conmon *)(void *)((char *)(child_)-offsetof(struct conmon, member)))

void conmon_post(struct conmon *c, enum life_event ev)
{
	struct life_cell cell = life_cell(c->state, ev);

	log_debug("%s: %s -> %s, %s", life_state_name(c->state), life_event_name(ev),
		  life_action_name(cell.action), life_state_name(cell.next));
	c->state = cell.next;
	act(c, cell.action);
}

static void attempt(struct conmon *c, int (*step)(struct conmon *, struct err *))
{
	if (step(c, &c->failure) < 0)
		conmon_post(c, LIFE_EV_FAILED);
}

/* ---- launch ---- */

static int on_go(struct loop *l, struct loop_source *s, uint32_t events UNUSED,
		 struct err *e UNUSED)
{
	struct conmon *c = s->ctx;

	/* The pipe's end is as good as a word: nobody is left who could say one. */
	loop_remove(l, s);
	(void)pipes_wait_start(&c->pipes, NULL);
	conmon_post(c, LIFE_EV_GO);
	return 0;
}

/* Who attaches to an exec session does so before it begins, or would miss output. */
static int wait_for_caller(struct conmon *c, struct err *e)
{
	if (c->o.exec_attach && c->pipes.startfd >= 0)
		return loop_add(&c->loop, &c->start_src, c->pipes.startfd, EPOLLIN, on_go, c, e);
	conmon_post(c, LIFE_EV_GO);
	return 0;
}

static void on_runtime_ended(struct child *child, const struct child_end *end)
{
	struct conmon *c = CONMON_OF(child, launch.child);
	char text[PROC_STATUS_TEXT_SIZE];

	if (end->known && end->status == 0) {
		conmon_post(c, LIFE_EV_MADE);
		return;
	}
	(void)err_set(&c->failure, EREMOTEIO, "the runtime %s",
		      proc_status_text(end->status, text));
	conmon_post(c, LIFE_EV_FAILED);
}

static int launch(struct conmon *c, struct err *e)
{
	int stdio[3] = { -1, -1, -1 };
	const int own[3] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	bool pass = c->traffic.log.passthrough;
	int r = pass ? 0 : traffic_give(&c->traffic, stdio, e);

	if (r >= 0)
		r = launch_start(&c->launch, &c->o, &c->score, pass ? own : stdio, on_runtime_ended,
				 e);
	for (int i = 0; i < 3; i++)
		if (stdio[i] >= 0)
			(void)close(stdio[i]);
	if (pass)
		conmon_leave_stdio();
	return r;
}

static void on_process_ended(struct child *child, const struct child_end *end)
{
	struct conmon *c = CONMON_OF(child, process);

	c->status = end->known ? proc_exit_code(end->status) : UNKNOWN_STATUS;
	conmon_post(c, LIFE_EV_EXITED);
}

static int adopt(struct conmon *c, struct err *e)
{
	int master = -1, r;
	pid_t pid = 0;

	if (c->o.terminal) {
		master = launch_terminal(&c->launch, e);
		if (master < 0)
			return master;
	}
	r = traffic_go(&c->traffic, master, e);
	if (r >= 0)
		r = runtime_read_pid(AT_FDCWD, c->o.pid_file, &pid, e);
	if (r >= 0)
		r = child_watch(&c->process, &c->reaper, pid, -1, on_process_ended, e);
	return r;
}

static int set_timer(struct conmon *c, int64_t seconds, struct err *e)
{
	return seconds > 0 ? loop_timer_set(c->timerfd, seconds * NS_PER_S, 0, e) : 0;
}

/* CRI-O's exec wants one number, which is the exit code. */
static int report_pid(struct conmon *c, struct err *e)
{
	struct err oom = { 0 };
	int r = adopt(c, e);

	if (r < 0)
		return r;
	/* Before it is told, for who hears it starts the container, which may run out of memory at
	 * once.  A process that has gone by now is in no group; some have no memory controller. */
	if (oom_watch_open(&c->oom, c->process.pid, &oom) < 0)
		say(&c->o, LOG_LEVEL_INFO, false, oom.msg);
	if (c->o.api >= 1 || !c->o.exec)
		pipes_tell(&c->pipes.syncfd, &c->o, c->process.pid, NULL);
	reaper_expected(&c->reaper);
	memory_give_back();
	return set_timer(c, c->o.timeout, e);
}

/* ---- the end ---- */

static void close_places(struct conmon *c)
{
	traffic_close(&c->traffic);
	control_done(&c->control);
	if (c->bundlefd >= 0 && !c->traffic.log.passthrough)
		(void)unlinkat(c->bundlefd, PLACE_ATTACH, 0);
	place_remove(&c->o);
}

/* The exit command is due when nobody has to be waited for any more. */
static void begin_delay(struct conmon *c)
{
	if (!c->o.exit_command) {
		conmon_post(c, LIFE_EV_HOOK_ENDED);
		return;
	}
	if (c->o.exit_delay <= 0 || set_timer(c, c->o.exit_delay, NULL) < 0)
		conmon_post(c, LIFE_EV_DELAY_OVER);
}

/* Who sees one of the exit files finds the output in the log, and published ports free. */
static void record(struct conmon *c, bool timed_out)
{
	struct err e = { 0 };

	if (timed_out)
		c->status = TIMED_OUT_STATUS;
	oom_watch_check(&c->oom);
	notify_drain(&c->notify);
	traffic_end(&c->traffic, !timed_out);
	inherited_close(&c->inherited);
	close_places(c);
	if (exit_files_write(&c->o, c->status, &e) < 0)
		say(&c->o, LOG_LEVEL_ERROR, true, e.msg);
	if (c->o.exec)
		pipes_tell(&c->pipes.syncfd, &c->o, c->status,
			   timed_out ? TIMED_OUT_MESSAGE : NULL);
	begin_delay(c);
}

/* All of its process group, but never the one that we are in. */
static void kill_group(struct conmon *c)
{
	pid_t group = getpgid(c->process.pid);

	if (group > 1 && group != getpgrp())
		(void)kill(-group, SIGKILL);
	(void)child_signal(&c->process, SIGKILL);
	child_forget(&c->process);
}

/* What the runtime printed says more than how it ended.  Who hears it clears the bundle away, and
 * may try again by the same name: we have left our places by then. */
static void fail(struct conmon *c)
{
	const char *said = traffic_early(&c->traffic);

	say(&c->o, LOG_LEVEL_ERROR, false, *said ? said : c->failure.msg);
	(void)child_signal(&c->launch.child, SIGKILL);
	(void)child_signal(&c->process, SIGKILL);
	child_forget(&c->process);
	c->status = CONMON_FAILED;
	traffic_end(&c->traffic, false);
	inherited_close(&c->inherited);
	close_places(c);
	pipes_tell(&c->pipes.syncfd, &c->o, -1, *said ? said : c->failure.msg);
	begin_delay(c);
}

static void on_hook_ended(struct child *child, const struct child_end *end)
{
	struct conmon *c = CONMON_OF(child, hook);
	int status = end->known ? proc_exit_code(end->status) : 0;

	if (status != 0)
		c->status = status;
	conmon_post(c, LIFE_EV_HOOK_ENDED);
}

/* What the exit command leaves in the background is not ours: we are its subreaper no more. */
static int run_hook(struct conmon *c, struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	const int null_fds[3] = { -1, -1, -1 };
	struct proc_spec spec = { .path = c->o.exit_command, .fds = null_fds, .n_fds = 3 };
	int pidfd = -1, r;
	pid_t pid = 0;

	strv_add(&argv, c->o.exit_command);
	strv_add_all(&argv, strv_argv(&c->o.exit_args));
	spec.argv = strv_argv(&argv);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	oom_score_give_back(&c->score);
	r = proc_spawn(&spec, &pid, &pidfd, e);
	oom_score_again(&c->score);
	return r < 0 ? r : child_watch(&c->hook, &c->reaper, pid, pidfd, on_hook_ended, e);
}

static void begin_hook(struct conmon *c)
{
	struct err e = { 0 };

	if (run_hook(c, &e) >= 0)
		return;
	say(&c->o, LOG_LEVEL_ERROR, true, e.msg);
	c->status = CONMON_FAILED;
	conmon_post(c, LIFE_EV_HOOK_ENDED);
}

static void act(struct conmon *c, enum life_action action)
{
	switch (action) {
	case LIFE_DO_NONE:
		break;
	case LIFE_DO_WAIT:
		attempt(c, wait_for_caller);
		break;
	case LIFE_DO_LAUNCH:
		attempt(c, launch);
		break;
	case LIFE_DO_ADOPT:
		attempt(c, report_pid);
		break;
	case LIFE_DO_FAIL:
		fail(c);
		break;
	case LIFE_DO_RECORD:
		record(c, false);
		break;
	case LIFE_DO_KILL_RECORD:
		kill_group(c);
		record(c, true);
		break;
	case LIFE_DO_RUN_HOOK:
		begin_hook(c);
		break;
	case LIFE_DO_LINGER:
		if (!traffic_is_behind(&c->traffic))
			conmon_post(c, LIFE_EV_CAUGHT_UP);
		break;
	case LIFE_DO_STOP:
		loop_stop(&c->loop, 0);
		break;
	case LIFE_ACTION_COUNT:
		break;
	}
}
