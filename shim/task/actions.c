/* SPDX-License-Identifier: Apache-2.0 */
/* What the cells of the matrix do. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/parse.h"
#include "libutil/sys.h"
#include "shim/record/reserve.h"
#include "shim/task/task.h"

#define PID_TEXT_MAX 32

/* ---- create and start ---- */

/* Socket paths are limited to 108 bytes; the way through our own descriptor is short and as good.
 */
#define CONSOLE_PATH_SIZE 64
static const char *console_path(const struct task *t, char buf[CONSOLE_PATH_SIZE])
{
	(void)snprintf(buf, CONSOLE_PATH_SIZE, "/proc/%d/fd/%d/" RECORD_CONSOLE, (int)getpid(),
		       t->dirfd);
	return buf;
}

static int call(struct task *t, enum runtime_call kind, const int *stdio, struct err *e)
{
	char console[CONSOLE_PATH_SIZE];
	struct call_target target = {
		.rec = &t->rec,
		.dir = t->dir,
		.dirfd = t->dirfd,
		.console = t->rec.terminal ? console_path(t, console) : NULL,
	};

	return call_start(&t->call, kind, &target, stdio, e);
}

static int create(struct task *t, struct err *e)
{
	int stdio[3] = { -1, -1, -1 };
	int r;

	r = clients_listen(&t->clients, t->dirfd, RECORD_ATTACH, e);
	if (r >= 0)
		r = t->rec.terminal ? terminal_open(&t->terminal, t->dirfd, e)
				    : task_open_stdio(t, stdio, e);
	if (r >= 0)
		r = call(t, RUNTIME_CREATE, t->rec.terminal ? NULL : stdio, e);
	for (int i = 0; i < 3; i++)
		if (stdio[i] >= 0)
			(void)close(stdio[i]);
	return r;
}

static int read_pid(const struct task *t, pid_t *ret, struct err *e)
{
	autofree char *text = NULL;
	int r = file_read_at(t->dirfd, RECORD_PID, PID_TEXT_MAX, &text, NULL, e);

	if (r < 0)
		return err_wrap(e, r, "pid file of the runtime");
	text[strcspn(text, "\n")] = '\0';
	if (parse_pid(text, ret) < 0)
		return err_set(e, EBADMSG, "pid file of the runtime holds '%s', not a process id",
			       text);
	return 0;
}

static int write_pid_copy(const struct task *t, struct err *e)
{
	char text[PID_TEXT_MAX];
	int len;

	if (!t->rec.pid_file)
		return 0;
	len = snprintf(text, sizeof(text), "%d", (int)t->init);
	return file_replace_at(AT_FDCWD, t->rec.pid_file, text, (size_t)len, 0644, FILE_NO_SYNC, e);
}

static int adopt_terminal(struct task *t, struct err *e)
{
	int master, in, r;

	if (!t->rec.terminal)
		return 0;
	master = terminal_receive(&t->terminal, t->dirfd, e);
	if (master < 0)
		return master;
	/* Two descriptors, for one cannot be in the loop twice. */
	in = fcntl(master, F_DUPFD_CLOEXEC, 3);
	r = output_add_terminal(&t->output, master, e);
	if (r < 0)
		return r;
	if (in < 0)
		return err_sys(e, "duplicate the terminal");
	return input_open(&t->input, in, e);
}

/* The runtime's create has succeeded: know the container before its program runs. */
static int adopt(struct task *t, struct err *e)
{
	int r = read_pid(t, &t->init, e);

	if (r < 0)
		return r;
	r = task_watch_init(t, e);
	if (r < 0)
		return r;
	r = adopt_terminal(t, e);
	if (r < 0)
		return r;
	r = record_proc_set(&t->rec.container, t->init, e);
	if (r < 0)
		return r;
	r = write_pid_copy(t, e);
	if (r < 0)
		return r;
	return record_write(t->dirfd, &t->rec, e);
}

static int start(struct task *t, struct err *e)
{
	int r = adopt(t, e);

	return r < 0 ? r : call(t, RUNTIME_START, NULL, e);
}

/* What create and start needed is not needed again for hours: pages of the heap, and of the stack
 * below this function's frame, where proc_spawn() keeps a stack for the child. */
#define STACK_GIVEN_BACK ((uintptr_t)64 << 10)
#define STACK_MARGIN     ((uintptr_t)4 << 10) /* for the calls made here */
static void give_back_memory(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t end = (here - STACK_MARGIN) & ~(page - 1);

	(void)malloc_trim(0);
	/* Part of the range may never have been touched: ENOMEM, and the rest is done all the same.
	 */
	(void)madvise((char *)__builtin_frame_address(0) - (here - end) - STACK_GIVEN_BACK,
		      STACK_GIVEN_BACK, MADV_DONTNEED);
}

static void report_started(struct task *t)
{
	if (t->reported)
		return;
	t->reported = true;
	t->front->started(t, t->init);
	give_back_memory();
}

/* ---- the end ---- */

static void make_exit_record(struct task *t, struct exit_record *x)
{
	if (t->status_known)
		exit_record_set(x, t->status, t->exited_at, &t->a);
	else
		exit_record_set_unknown(x,
					"ended, but was no child of its supervisor: status unknown",
					t->exited_at, &t->a);
}

static int save_exit(struct task *t, const struct exit_record *x, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = EXIT_RECORD_MAX };

	exit_record_encode(x, &text);
	return reserve_commit(t->exitfd, t->dirfd, RECORD_EXIT_OPEN, RECORD_EXIT, strbuf_str(&text),
			      text.len, e);
}

/* Output first: who sees the exit recorded finds everything the container wrote in its log. */
static void record_exit(struct task *t)
{
	struct exit_record x = { 0 };
	struct err e = { 0 };

	report_started(t);
	t->output.init_gone = true;
	output_drain(&t->output);
	make_exit_record(t, &x);
	if (save_exit(t, &x, &e) < 0)
		task_note_problem(t, "exit: %s (%s)", e.msg, x.reason);
	t->front->exited(t, &x);
	err_clear(&t->failure);
	if (call(t, RUNTIME_DELETE, NULL, &t->failure) < 0)
		task_post(t, TASK_EV_CALL_FAILED);
}

/* The container's processes are gone.  A pipe holds what they wrote and that is read now; if
 * somebody outside the container still has it open, that is none of ours.  A terminal hands its
 * last output over by and by, but is sure to say when that was all. */
static void drain(struct task *t)
{
	output_drain(&t->output);
	if (!t->rec.terminal || output_at_end(&t->output))
		task_post(t, TASK_EV_OUTPUT_ENDED);
}

static void note_leftover(struct task *t)
{
	t->leftover = true;
	task_note_problem(t, "%s", t->failure.msg);
	output_drain(&t->output);
	if (output_at_end(&t->output))
		task_post(t, TASK_EV_OUTPUT_ENDED);
}

static void finish(struct task *t)
{
	task_note_lost(t, true);
	(void)fdatasync(t->log.fd);
	clients_done(&t->clients);
	t->front->ended(t);
	if (t->rec.auto_remove && !t->leftover)
		task_remove_record(t, false);
	loop_stop(&t->loop, 0);
}

/* ---- undoing ---- */

static void undo(struct task *t)
{
	struct err e = { 0 };

	if (call(t, RUNTIME_DELETE_FORCE, NULL, &e) < 0)
		task_post(t, TASK_EV_CALL_FAILED);
}

/* A container that did not start leaves nothing behind, not even a record. */
static void report_failed(struct task *t)
{
	if (t->initfd >= 0 && !t->init_gone)
		(void)sys_pidfd_send_signal(t->initfd, SIGKILL, NULL, 0);
	clients_done(&t->clients);
	if (t->rec.pid_file && t->init > 0)
		(void)unlink(t->rec.pid_file);
	task_remove_record(t, true);
	t->front->failed(t, &t->failure);
	loop_stop(&t->loop, 1);
}

static void attempt(struct task *t, int (*step)(struct task *, struct err *))
{
	struct err e = { 0 };

	if (step(t, &e) >= 0)
		return;
	t->failure = e;
	task_post(t, TASK_EV_CALL_FAILED);
}

void task_do(struct task *t, enum task_action action)
{
	switch (action) {
	case TASK_DO_NONE:
	case TASK_DO_KEEP_STATUS: /* on_init_exit() has it; what to do with it depends on the start
				   */
		break;
	case TASK_DO_CREATE:
		attempt(t, create);
		break;
	case TASK_DO_START:
		attempt(t, start);
		break;
	case TASK_DO_REPORT_STARTED:
		report_started(t);
		break;
	case TASK_DO_RECORD_EXIT:
		record_exit(t);
		break;
	case TASK_DO_DRAIN:
		drain(t);
		break;
	case TASK_DO_NOTE_LEFTOVER:
		note_leftover(t);
		break;
	case TASK_DO_KILL_CALL:
		call_kill(&t->call);
		break;
	case TASK_DO_UNDO:
		undo(t);
		break;
	case TASK_DO_REPORT_FAILED:
		report_failed(t);
		break;
	case TASK_DO_FINISH:
		finish(t);
		break;
	case TASK_ACTION_COUNT:
		break;
	}
}
