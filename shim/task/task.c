/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/task/task.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/path.h"
#include "libutil/sys.h"
#include "shim/record/entry.h"
#include "shim/record/reserve.h"

/* ---- events ---- */

void task_post(struct task *t, enum task_event ev)
{
	struct task_cell cell = task_cell(t->state, ev);

	log_debug("%s: %s -> %s, %s", task_state_name(t->state), task_event_name(ev),
		  task_action_name(cell.action), task_state_name(cell.next));
	t->state = cell.next;
	task_do(t, cell.action);
}

static void on_call_done(void *ctx, bool ok)
{
	struct task *t = ctx;

	if (!ok && t->failure.code == 0)
		(void)call_failure(&t->call, t->dirfd, &t->failure);
	task_post(t, ok ? TASK_EV_CALL_OK : TASK_EV_CALL_FAILED);
	task_reap_orphans(t);
}

/* The pidfd says that it has ended; its status is ours to collect when it is our child, as it is
 * with every runtime that leaves its container to the subreaper. */
static int on_init_exit(struct loop *l, struct loop_source *s, uint32_t events UNUSED,
			struct err *e UNUSED)
{
	struct task *t = s->ctx;

	t->status_known = waitpid(t->init, &t->status, WNOHANG) == t->init;
	t->init_gone = true;
	(void)clock_gettime(CLOCK_REALTIME, &t->exited_at);
	loop_remove(l, s);
	task_post(t, TASK_EV_INIT_EXITED);
	task_reap_orphans(t);
	return 0;
}

int task_watch_init(struct task *t, struct err *e)
{
	t->initfd = sys_pidfd_open(t->init, 0);
	if (t->initfd < 0)
		return err_sys(e, "open the container's process %d", (int)t->init);
	return loop_add(&t->loop, &t->init_src, t->initfd, EPOLLIN, on_init_exit, t, e);
}

static void on_output_ended(void *ctx)
{
	task_post(ctx, TASK_EV_OUTPUT_ENDED);
}

static void on_input_ready(void *ctx, bool ready)
{
	struct task *t = ctx;

	clients_want_input(&t->clients, ready);
}

/* ---- children and signals ---- */

void task_reap_orphans(struct task *t)
{
	for (;;) {
		siginfo_t si = { 0 };

		/* The container's first process may be among the zombies before we know its pid. */
		if (t->init == 0)
			return;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0)
			return;
		/* These have a pidfd in the loop, and we are called again after it was served. */
		if (si.si_pid == t->call.pid || (si.si_pid == t->init && !t->init_gone))
			return;
		(void)waitid(P_PID, (id_t)si.si_pid, &si, WEXITED | WNOHANG);
	}
}

/* Signals for the supervisor are meant for the container. */
static void forward_signal(struct task *t, int sig)
{
	if (t->initfd >= 0 && !t->init_gone)
		(void)sys_pidfd_send_signal(t->initfd, sig, NULL, 0);
}

static int on_signal(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		     struct err *e UNUSED)
{
	struct task *t = s->ctx;
	struct signalfd_siginfo si;

	if (read(t->signalfd, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return 0;
	if (si.ssi_signo == SIGCHLD)
		task_reap_orphans(t);
	else
		forward_signal(t, (int)si.ssi_signo);
	return 0;
}

/* SIGHUP is ignored: a supervisor outlives the terminal and the session it was started from. */
static int watch_signals(struct task *t, struct err *e)
{
	sigset_t mask;

	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigaddset(&mask, SIGINT);
	(void)sigaddset(&mask, SIGQUIT);
	t->signalfd = loop_signals(&mask, e);
	if (t->signalfd < 0)
		return t->signalfd;
	return loop_add(&t->loop, &t->signal_src, t->signalfd, EPOLLIN, on_signal, t, e);
}

/* ---- life ---- */

static void set_empty(struct task *t)
{
	*t = (struct task){
		.dirfd = -1,
		.exitfd = -1,
		.problemfd = -1,
		.initfd = -1,
		.signalfd = -1,
		.init_src = { .fd = -1 },
		.signal_src = { .fd = -1 },
		.log = { .fd = -1 },
	};
	call_init(&t->call, &t->loop);
	t->call.done = on_call_done;
	t->call.ctx = t;
	input_init(&t->input, &t->loop);
	terminal_init(&t->terminal, &t->loop);
	clients_init(&t->clients, &t->loop, &t->input, NULL);
	t->input.ready = on_input_ready;
	t->input.ctx = t;
}

static int claim_id(struct task *t, struct err *e)
{
	autofree char *state = path_parent(t->dir);
	int r = dir_make_all_at(AT_FDCWD, state, 0700, e);

	if (r < 0)
		return r;
	if (mkdir(t->dir, 0700) < 0)
		return errno == EEXIST ? entry_in_use(state, t->rec.id, e)
				       : err_sys(e, "make '%s'", t->dir);
	t->claimed = true;
	t->dirfd = dir_open_at(AT_FDCWD, t->dir, e);
	return t->dirfd;
}

/* All files before state.json: see record.h. */
static int make_record(struct task *t, struct err *e)
{
	int r = claim_id(t, e);

	if (r < 0)
		return r;
	t->exitfd = reserve_make(t->dirfd, RECORD_EXIT_OPEN, EXIT_RECORD_MAX, e);
	if (t->exitfd < 0)
		return t->exitfd;
	t->problemfd = reserve_make(t->dirfd, RECORD_PROBLEM, RECORD_PROBLEM_MAX, e);
	if (t->problemfd < 0)
		return t->problemfd;
	r = logfile_open(&t->log, t->rec.log_path, e);
	if (r < 0)
		return r;
	r = record_proc_set(&t->rec.supervisor, getpid(), e);
	return r < 0 ? r : record_write(t->dirfd, &t->rec, e);
}

void task_remove_record(struct task *t, bool with_log)
{
	struct entry en = {
		.dirfd = -1,
		.supervisor = -1,
		.exitfd = -1,
		.id = t->rec.id,
		.path = t->dir,
	};

	if (with_log && t->log.made)
		(void)unlink(t->rec.log_path);
	/* Nobody is left to hear of a failure; `list` shows what remains. */
	if (t->claimed)
		(void)entry_remove(&en, NULL);
}

static int init(struct task *t, struct err *e)
{
	int r;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_sys(e, "become a subreaper");
	r = loop_init(&t->loop, e);
	if (r < 0)
		return r;
	r = watch_signals(t, e);
	if (r < 0)
		return r;
	r = output_init(&t->output, &t->loop, e);
	if (r < 0)
		return r;
	t->output.sink = task_take_output;
	t->output.ended = on_output_ended;
	t->output.ctx = t;
	t->clients.buffer = t->output.buffer;
	t->clients.interactive = t->rec.interactive && !t->rec.terminal;
	return make_record(t, e);
}

int task_init(struct task *t, const char *dir, const struct record *wanted,
	      const struct task_front *front, void *ctx, struct err *e)
{
	int r;

	set_empty(t);
	t->front = front;
	t->front_ctx = ctx;
	t->dir = arena_strdup(&t->a, dir);
	t->rec = *wanted;
	r = init(t, e);
	if (r >= 0)
		return 0;
	task_remove_record(t, true);
	task_done(t);
	return r;
}

int task_run(struct task *t, struct err *e)
{
	task_post(t, TASK_EV_BEGIN);
	return loop_run(&t->loop, e);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void task_done(struct task *t)
{
	call_done(&t->call);
	clients_done(&t->clients);
	terminal_done(&t->terminal);
	input_done(&t->input);
	output_done(&t->output);
	logfile_close(&t->log);
	loop_remove(&t->loop, &t->init_src);
	loop_remove(&t->loop, &t->signal_src);
	close_fd(t->initfd);
	close_fd(t->signalfd);
	close_fd(t->exitfd);
	close_fd(t->problemfd);
	close_fd(t->dirfd);
	loop_done(&t->loop);
	arena_done(&t->a);
	set_empty(t);
}

void task_note_problem(struct task *t, const char *fmt, ...)
{
	auto_(strbuf) struct strbuf line = { .max = RECORD_PROBLEM_MAX };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	strbuf_addc(&line, '\n');
	log_debug("problem: %s", strbuf_str(&line));
	(void)file_write_all(t->problemfd, strbuf_str(&line), line.len, NULL);
}
