/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/solo/solo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/path.h"
#include "shim/core/memory.h"
#include "shim/record/entry.h"
#include "shim/record/reserve.h"

/* ---- what comes from outside ---- */

static void on_output_ended(void *ctx)
{
	solo_output_ended(ctx);
}

static void on_quiet(void *ctx)
{
	logset_trim(&((struct solo *)ctx)->log);
	memory_give_back();
}

static void on_input_ready(void *ctx, bool ready)
{
	struct solo *s = ctx;

	clients_want_input(&s->clients, ready);
}

static void on_caught_up(void *ctx)
{
	struct solo *s = ctx;

	(void)output_resume(&s->output, NULL);
	solo_output_ended(s);
}

/* Signals for the supervisor are meant for the container, and say that it is to end for good. */
static void on_signal(void *ctx, int sig)
{
	struct solo *s = ctx;

	if (sig == SIGUSR1) {
		solo_take_request(s);
		return;
	}
	s->stopped = true;
	if (s->pausing)
		solo_end_pause(s);
	else
		(void)child_signal(&s->init.child, sig);
}

void solo_caller_gone(struct solo *s)
{
	if (!s->told)
		process_abandon(&s->init);
}

void solo_note_problem(struct solo *s, const char *fmt, ...)
{
	auto_(strbuf) struct strbuf line = { .max = RECORD_PROBLEM_MAX };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	strbuf_addc(&line, '\n');
	log_debug("problem: %s", strbuf_str(&line));
	(void)file_write_all(s->problemfd, strbuf_str(&line), line.len, NULL);
}

/* ---- life ---- */

void solo_reset_input(struct solo *s)
{
	input_init(&s->input, &s->loop);
	s->input.ready = on_input_ready;
	s->input.ctx = s;
}

static void set_empty(struct solo *s)
{
	*s = (struct solo){
		.dirfd = -1,
		.exitfd = -1,
		.problemfd = -1,
		.timerfd = -1,
		.timer_src = { .fd = -1 },
		.next_ms = RESTART_NEVER,
		.reaper = { .signalfd = -1, .signal_src = { .fd = -1 }, .loop = &s->loop },
		.init = { .console = CONSOLE_NONE },
	};
	solo_reset_input(s);
	terminal_init(&s->terminal, &s->loop);
	clients_init(&s->clients, &s->loop, &s->input, NULL);
}

static void name_container(struct solo *s)
{
	s->container = (struct container){
		.id = s->rec.id,
		.bundle = s->rec.bundle,
		.reaper = &s->reaper,
		.dirfd = s->dirfd,
	};
	record_runtime(&s->rec, &s->container.runtime);
	s->container.runtime.log = arena_printf(&s->a, "%s/" RECORD_RUNTIME_LOG, s->dir);
	process_init(&s->init, &s->container, PROCESS_INIT, &solo_front, s);
	s->init.terminal = s->rec.terminal;
	s->init.pid_file = arena_printf(&s->a, "%s/" RECORD_PID, s->dir);
}

static int init_io(struct solo *s, struct err *e)
{
	int r = output_init(&s->output, &s->loop, e);

	if (r < 0)
		return r;
	s->output.sink = solo_take_output;
	s->output.ended = on_output_ended;
	s->output.quiet = on_quiet;
	s->output.ctx = s;
	s->clients.buffer = s->output.buffer;
	/* Without a log there is nothing that a slow client could go on from. */
	s->clients.slow = s->rec.log_path ? CLIENTS_NOTICE : CLIENTS_WAIT;
	s->clients.caught_up = on_caught_up;
	s->clients.ctx = s;
	s->clients.interactive = s->rec.interactive && !s->rec.terminal;
	return 0;
}

/* Before the container is created: who is quick finds the sockets of a record that is there. */
static int open_doors(struct solo *s, struct err *e)
{
	int r = clients_listen(&s->clients, s->dirfd, RECORD_ATTACH, e);

	if (r >= 0 && s->rec.terminal)
		r = terminal_open(&s->terminal, s->dirfd, RECORD_CTL, e);
	return r;
}

static int init(struct solo *s, struct err *e)
{
	int r = loop_init(&s->loop, e);

	if (r < 0)
		return r;
	r = reaper_init(&s->reaper, &s->loop, on_signal, s, e);
	if (r < 0)
		return r;
	r = init_io(s, e);
	if (r < 0)
		return r;
	r = s->rec.restart ? restart_parse(s->rec.restart, &s->policy, e) : 0;
	if (r >= 0)
		r = solo_make_record(s, e);
	if (r < 0)
		return r;
	name_container(s);
	return open_doors(s, e);
}

int solo_init(struct solo *s, const char *dir, const struct record *wanted, bool again,
	      const struct solo_caller *caller, void *ctx, struct err *e)
{
	int r;

	set_empty(s);
	s->caller = caller;
	s->ctx = ctx;
	s->dir = arena_strdup(&s->a, dir);
	s->rec = *wanted;
	s->again = again;
	r = init(s, e);
	if (r >= 0)
		return 0;
	solo_undo_record(s);
	solo_done(s);
	return r;
}

int solo_run(struct solo *s, struct err *e)
{
	int r = process_create(&s->init, e);

	return r < 0 ? r : loop_run(&s->loop, e);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void solo_done(struct solo *s)
{
	process_done(&s->init);
	clients_done(&s->clients);
	terminal_done(&s->terminal);
	input_done(&s->input);
	output_done(&s->output);
	logset_close(&s->log);
	solo_timer_done(s);
	reaper_done(&s->reaper);
	close_fd(s->exitfd);
	close_fd(s->problemfd);
	close_fd(s->dirfd);
	loop_done(&s->loop);
	free(s->failure);
	free(s->old_exit);
	arena_done(&s->life);
	arena_done(&s->a);
	set_empty(s);
}
