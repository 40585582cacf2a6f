/* SPDX-License-Identifier: Apache-2.0 */
/* A container's lives: how one ended, whether another one follows, and what people ask for. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libutil/parse.h"
#include "shim/core/memory.h"
#include "shim/record/reserve.h"
#include "shim/solo/solo.h"

#define MS 1000000

/* ---- the timer: until the next life, or until a container that was asked to end is killed ---- */

static void stop_timer(struct solo *s)
{
	loop_remove(&s->loop, &s->timer_src);
	if (s->timerfd >= 0)
		(void)close(s->timerfd);
	s->timerfd = -1;
}

void solo_timer_done(struct solo *s)
{
	stop_timer(s);
}

static int start_timer(struct solo *s, int64_t ms, loop_fn *fn, struct err *e)
{
	int r;

	stop_timer(s);
	s->timerfd = loop_timer(e);
	if (s->timerfd < 0)
		return s->timerfd;
	r = loop_timer_set(s->timerfd, ms > 0 ? ms * MS : -1, 0, e);
	return r < 0 ? r : loop_add(&s->loop, &s->timer_src, s->timerfd, EPOLLIN, fn, s, e);
}

/* ---- people's wishes ---- */

static int on_patience_ended(struct loop *l UNUSED, struct loop_source *src, uint32_t events UNUSED,
			     struct err *e UNUSED)
{
	struct solo *s = src->ctx;

	stop_timer(s);
	(void)child_signal(&s->init.child, SIGKILL);
	return 0;
}

/* A container that is being created or started is asked as soon as it runs. */
void solo_act_on_request(struct solo *s)
{
	struct err e = { 0 };

	if (s->request.kind == REQUEST_NONE || s->init.state != PROCESS_RUNNING)
		return;
	(void)child_signal(&s->init.child, s->request.signal);
	if (s->request.timeout_ms >= 0 &&
	    start_timer(s, s->request.timeout_ms, on_patience_ended, &e) < 0)
		solo_note_problem(s, "stop: %s", e.msg);
}

static int on_pause_ended(struct loop *l, struct loop_source *src, uint32_t events, struct err *e);

void solo_take_request(struct solo *s)
{
	struct err e = { 0 };

	if (request_take(s->dirfd, &s->request, &e) < 0) {
		if (e.code != ENOENT)
			solo_note_problem(s, "request: %s", e.msg);
		return;
	}
	if (!s->pausing)
		solo_act_on_request(s);
	else if (s->request.kind == REQUEST_STOP)
		solo_end_pause(s);
	else
		(void)on_pause_ended(&s->loop, &s->timer_src, 0, NULL);
}

/* ---- how it ended ---- */

static void set_last(struct solo *s, const struct exit_record *x)
{
	s->last = *x;
	s->rec.last_code = x->code;
	s->rec.last_exited_at = x->exited_at;
}

/* Its texts live as long as the next end has not come. */
static void forget_last(struct solo *s)
{
	s->rec.last_exited_at = NULL;
	s->last = (struct exit_record){ 0 };
	arena_done(&s->life);
}

static void keep_end(struct solo *s, const struct child_end *end)
{
	struct exit_record x = { 0 };

	forget_last(s);
	if (end->known)
		exit_record_set(&x, end->status, end->at, &s->life);
	else
		exit_record_set_unknown(&x,
					"ended, but was no child of its supervisor: status unknown",
					end->at, &s->life);
	set_last(s, &x);
}

static int write_exit(struct solo *s, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = EXIT_RECORD_MAX };

	exit_record_encode(&s->last, &text);
	return reserve_commit(s->exitfd, s->dirfd, RECORD_EXIT_OPEN, RECORD_EXIT, strbuf_str(&text),
			      text.len, e);
}

void solo_save_exit(struct solo *s)
{
	struct err e = { 0 };

	if (write_exit(s, &e) < 0)
		solo_note_problem(s, "exit: %s (%s)", e.msg, s->last.reason);
}

/* ---- the next life ---- */

static int64_t ran_ms(const struct solo *s)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)(now.tv_sec - s->born.tv_sec) * 1000 + (now.tv_nsec - s->born.tv_nsec) / MS;
}

static int64_t next_life(struct solo *s)
{
	struct restart_end end = {
		.code = (int)s->last.code.v,
		.ran_ms = ran_ms(s),
		.stopped = s->stopped || s->request.kind == REQUEST_STOP,
	};
	bool asked = s->request.kind == REQUEST_RESTART;

	stop_timer(s);
	s->request.kind = REQUEST_NONE;
	if (!asked)
		return restart_decide(&s->policy, &s->history, &end);
	s->history = (struct restart_history){ 0 };
	s->stopped = false;
	return 0;
}

static void note_pause(struct solo *s)
{
	struct err e = { 0 };

	s->rec.restarting = true;
	s->rec.restart_count = (struct opt_u64){ .set = true, .v = s->history.count };
	if (record_write(s->dirfd, &s->rec, &e) < 0)
		solo_note_problem(s, "restart: %s", e.msg);
}

static void decide(struct solo *s)
{
	s->next_ms = next_life(s);
	if (s->next_ms >= 0)
		note_pause(s);
	else
		solo_save_exit(s);
}

void solo_life_ended(struct solo *s)
{
	keep_end(s, &s->init.end);
	decide(s);
}

void solo_life_failed(struct solo *s, const struct err *why)
{
	struct exit_record x = { 0 };
	struct timespec now;

	solo_note_problem(s, "restart: %s", why->msg);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	forget_last(s);
	exit_record_set_unknown(&x, arena_printf(&s->life, "was not started again: %s", why->msg),
				now, &s->life);
	set_last(s, &x);
	decide(s);
}

void solo_life_began(struct solo *s)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &s->born);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	s->rec.started = time_text(now, s->born_text);
}

static int on_pause_ended(struct loop *l UNUSED, struct loop_source *src UNUSED,
			  uint32_t events UNUSED, struct err *e UNUSED)
{
	struct solo *s = src->ctx;

	stop_timer(s);
	s->pausing = false;
	s->request.kind = REQUEST_NONE;
	solo_create_again(s);
	return 0;
}

void solo_pause(struct solo *s)
{
	struct err e = { 0 };

	s->draining = false;
	/* What was asked for while the last life was cleared up. */
	if (s->stopped || s->request.kind == REQUEST_STOP) {
		solo_end_pause(s);
		return;
	}
	if (s->request.kind == REQUEST_RESTART)
		s->next_ms = 0;
	s->pausing = true;
	s->timer_src.ctx = s;
	memory_give_back();
	if (start_timer(s, s->next_ms, on_pause_ended, &e) >= 0)
		return;
	solo_note_problem(s, "restart: %s", e.msg);
	solo_end_pause(s);
}

void solo_end_pause(struct solo *s)
{
	stop_timer(s);
	s->pausing = false;
	s->next_ms = RESTART_NEVER;
	solo_save_exit(s);
	solo_finish(s);
}
