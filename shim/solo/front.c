/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the container, and what its record gets of it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "shim/core/memory.h"
#include "shim/record/reserve.h"
#include "shim/solo/solo.h"

#define PID_TEXT_MAX 32

static void tell(struct solo *s, const struct err *why)
{
	if (s->told)
		return;
	s->told = true;
	s->caller->told(s, why);
}

/* ---- create and start ---- */

static int write_pid_copy(const struct solo *s, struct err *e)
{
	char text[PID_TEXT_MAX];
	int len;

	if (!s->rec.pid_file)
		return 0;
	len = snprintf(text, sizeof(text), "%d", (int)s->init.pid);
	return file_replace_at(AT_FDCWD, s->rec.pid_file, text, (size_t)len, 0644, FILE_NO_SYNC, e);
}

/* Know the container before its program runs. */
static int record_container(struct solo *s, struct err *e)
{
	int r = record_proc_set(&s->rec.container, s->init.pid, e);

	solo_life_began(s);
	if (r < 0)
		return r;
	r = write_pid_copy(s, e);
	return r < 0 ? r : record_write(s->dirfd, &s->rec, e);
}

static void keep_failure(struct solo *s, const struct err *why)
{
	if (s->failure)
		return;
	s->failure = xcalloc(1, sizeof(*s->failure));
	*s->failure = *why;
}

/* A container that did not start is deleted, and then reported. */
static void give_up(struct solo *s, const struct err *why)
{
	struct err e = { 0 };

	keep_failure(s, why);
	if (process_delete(&s->init, &e) < 0)
		process_abandon(&s->init);
}

static void on_created(struct process *p)
{
	struct solo *s = p->ctx;
	struct err e = { 0 };

	if (record_container(s, &e) < 0 || process_start(p, &e) < 0)
		give_up(s, &e);
}

/* Of a further life it is the record that says so, to who has asked for it. */
static void record_started(struct solo *s)
{
	struct err e = { 0 };

	if (!s->rec.restarting)
		return;
	s->rec.restarting = false;
	if (record_write(s->dirfd, &s->rec, &e) < 0)
		solo_note_problem(s, "restart: %s", e.msg);
}

static void on_started(struct process *p)
{
	record_started(p->ctx);
	tell(p->ctx, NULL);
	solo_act_on_request(p->ctx);
	memory_give_back();
}

/* As after an end: the policy may want another try. */
static void again_failed(struct solo *s)
{
	struct err why = *s->failure;

	free(s->failure);
	s->failure = NULL;
	solo_life_failed(s, &why);
	s->draining = true;
	solo_output_ended(s);
}

/* A container that did not start leaves nothing behind, not even a record. */
static void report_failed(struct solo *s)
{
	if (s->told) {
		again_failed(s);
		return;
	}
	clients_done(&s->clients);
	if (s->rec.pid_file && s->init.pid > 0)
		(void)unlink(s->rec.pid_file);
	solo_undo_record(s);
	tell(s, s->failure);
	loop_stop(&s->loop, 1);
}

static void on_failed(struct process *p, const struct err *why)
{
	struct solo *s = p->ctx;

	if (p->state == PROCESS_CREATED || p->state == PROCESS_STOPPED) {
		give_up(s, why);
		return;
	}
	keep_failure(s, why);
	report_failed(s);
}

/* ---- the end ---- */

/* Output first: who sees the exit recorded finds everything the container wrote in its log. */
static void on_exited(struct process *p)
{
	struct solo *s = p->ctx;

	if (s->failure)
		return;
	tell(s, NULL);
	s->output.init_gone = true;
	output_drain(&s->output);
	solo_life_ended(s);
	(void)process_delete(p, NULL);
}

void solo_finish(struct solo *s)
{
	solo_note_lost(s, true);
	(void)logset_sync(&s->log, NULL);
	clients_done(&s->clients);
	s->caller->ended(s);
	if (s->rec.auto_remove && !s->leftover)
		solo_remove_record(s);
	loop_stop(&s->loop, 0);
}

void solo_output_ended(struct solo *s)
{
	bool all_read = (!s->rec.terminal && !s->leftover) || output_at_end(&s->output);

	if (!s->draining || !all_read || clients_are_behind(&s->clients))
		return;
	if (s->next_ms >= 0)
		solo_pause(s);
	else
		solo_finish(s);
}

/* The container's processes are gone.  A pipe holds what they wrote and that is read now; if
 * somebody outside the container still has it open, that is none of ours, unless the container
 * could not be deleted.  A terminal hands its last output over by and by, but is sure to say when
 * that was all. */
static void drain(struct solo *s)
{
	s->draining = true;
	output_drain(&s->output);
	solo_output_ended(s);
}

static void on_deleted(struct process *p, const struct err *why)
{
	struct solo *s = p->ctx;

	if (s->failure) {
		report_failed(s);
		return;
	}
	if (why) {
		s->leftover = true;
		solo_note_problem(s, "%s", why->msg);
		/* Its id is taken, so that was its last life. */
		if (s->next_ms >= 0)
			solo_save_exit(s);
		s->next_ms = RESTART_NEVER;
	}
	drain(s);
}

static void begin_process(struct solo *s)
{
	const char *pid_file = s->init.pid_file;

	process_done(&s->init);
	process_init(&s->init, &s->container, PROCESS_INIT, &solo_front, s);
	s->init.terminal = s->rec.terminal;
	s->init.pid_file = pid_file;
}

void solo_create_again(struct solo *s)
{
	struct err e = { 0 };

	output_reset(&s->output);
	input_done(&s->input);
	solo_reset_input(s);
	begin_process(s);
	if (process_create(&s->init, &e) >= 0)
		return;
	keep_failure(s, &e);
	again_failed(s);
}

const struct process_front solo_front = {
	.open_stdio = solo_open_stdio,
	.take_terminal = solo_take_terminal,
	.created = on_created,
	.started = on_started,
	.failed = on_failed,
	.exited = on_exited,
	.deleted = on_deleted,
};
