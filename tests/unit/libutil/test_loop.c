/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
	int r, w;
	struct loop_source s;
	struct pair *other; /* removed when this one is called */
	int calls;
};

static void pair_init(struct pair *p)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	*p = (struct pair){ .r = fds[0], .w = fds[1], .s = { .fd = -1 } };
	assert_int_equal(write(p->w, "x", 1), 1);
}

static void pair_done(struct pair *p)
{
	(void)close(p->r);
	(void)close(p->w);
}

static int remove_other(struct loop *l, struct loop_source *s, uint32_t events,
			struct err *e UNUSED)
{
	struct pair *p = s->ctx;

	assert_true(events & EPOLLIN);
	p->calls++;
	loop_remove(l, s);
	loop_remove(l, &p->other->s);
	/* Its storage may be gone from here on. */
	memset(&p->other->s, 0xee, sizeof(p->other->s));
	return 0;
}

static void a_removed_source_is_not_called_in_the_same_round(void **state UNUSED)
{
	struct loop l;
	struct pair a, b;

	assert_int_equal(loop_init(&l, NULL), 0);
	pair_init(&a);
	pair_init(&b);
	a.other = &b;
	b.other = &a;
	assert_int_equal(loop_add(&l, &a.s, a.r, EPOLLIN, remove_other, &a, NULL), 0);
	assert_int_equal(loop_add(&l, &b.s, b.r, EPOLLIN, remove_other, &b, NULL), 0);
	assert_int_equal(loop_once(&l, 0, NULL), 2);
	assert_int_equal(a.calls + b.calls, 1);
	assert_int_equal(loop_once(&l, 0, NULL), 0);
	loop_done(&l);
	pair_done(&a);
	pair_done(&b);
}

static void removing_what_was_never_added_is_harmless(void **state UNUSED)
{
	struct loop_source zero = { 0 }, none = { .fd = -1 };
	struct loop l;

	assert_int_equal(loop_init(&l, NULL), 0);
	loop_remove(&l, &zero);
	loop_remove(&l, &none);
	loop_done(&l);
}

static int fail_now(struct loop *l UNUSED, struct loop_source *s UNUSED, uint32_t events UNUSED,
		    struct err *e)
{
	return err_set(e, EPROTO, "as asked");
}

static void a_failing_callback_ends_the_run(void **state UNUSED)
{
	struct err e = { 0 };
	struct loop l;
	struct pair a;

	assert_int_equal(loop_init(&l, NULL), 0);
	pair_init(&a);
	assert_int_equal(loop_add(&l, &a.s, a.r, EPOLLIN, fail_now, NULL, NULL), 0);
	assert_int_equal(loop_run(&l, &e), -EPROTO);
	assert_string_equal(e.msg, "as asked");
	loop_done(&l);
	pair_done(&a);
}

static int count_and_stop(struct loop *l, struct loop_source *s, uint32_t events UNUSED,
			  struct err *e UNUSED)
{
	uint64_t expired = 0;
	int *n = s->ctx;

	assert_int_equal(read(s->fd, &expired, sizeof(expired)), sizeof(expired));
	if (++*n == 3)
		loop_stop(l, 42);
	return 0;
}

static void a_timer_repeats_until_the_loop_is_stopped(void **state UNUSED)
{
	struct loop_source s = { .fd = -1 };
	int fd = loop_timer(NULL), n = 0;
	struct loop l;

	assert_int_equal(loop_init(&l, NULL), 0);
	assert_int_equal(loop_add(&l, &s, fd, EPOLLIN, count_and_stop, &n, NULL), 0);
	assert_int_equal(loop_timer_set(fd, -1, 1000000, NULL), 0);
	assert_int_equal(loop_run(&l, NULL), 42);
	assert_int_equal(n, 3);
	assert_int_equal(loop_timer_set(fd, 0, 0, NULL), 0);
	assert_int_equal(loop_once(&l, 5, NULL), 0);
	loop_remove(&l, &s);
	loop_done(&l);
	(void)close(fd);
}

static int take_signal(struct loop *l, struct loop_source *s, uint32_t events UNUSED,
		       struct err *e UNUSED)
{
	struct signalfd_siginfo info;

	assert_int_equal(read(s->fd, &info, sizeof(info)), sizeof(info));
	loop_stop(l, (int)info.ssi_signo);
	return 0;
}

static void a_signal_is_an_event(void **state UNUSED)
{
	struct loop_source s = { .fd = -1 };
	struct loop l;
	sigset_t mask;
	int fd;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGUSR2);
	fd = loop_signals(&mask, NULL);
	assert_true(fd >= 0);
	assert_int_equal(loop_init(&l, NULL), 0);
	assert_int_equal(loop_add(&l, &s, fd, EPOLLIN, take_signal, NULL, NULL), 0);
	assert_int_equal(kill(getpid(), SIGUSR2), 0);
	assert_int_equal(loop_run(&l, NULL), SIGUSR2);
	loop_done(&l);
	(void)close(fd);
}

static void events_can_be_changed(void **state UNUSED)
{
	struct loop l;
	struct pair a;

	assert_int_equal(loop_init(&l, NULL), 0);
	pair_init(&a);
	assert_int_equal(loop_add(&l, &a.s, a.r, 0, fail_now, NULL, NULL), 0);
	assert_int_equal(loop_once(&l, 0, NULL), 0);
	assert_int_equal(loop_modify(&l, &a.s, EPOLLIN, NULL), 0);
	assert_int_equal(loop_once(&l, 0, NULL), -EPROTO);
	assert_int_equal(loop_add(&l, &a.s, a.r, EPOLLIN, fail_now, NULL, NULL), -EEXIST);
	loop_done(&l);
	pair_done(&a);
}

struct quiet {
	struct loop *loop;
	int events, calls, events_before;
};

static int on_tick(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		   struct err *e UNUSED)
{
	struct quiet *q = s->ctx;
	uint64_t n;

	assert_int_equal(read(s->fd, &n, sizeof(n)), sizeof(n));
	/* The tenth comes long after the others. */
	if (++q->events == 9)
		assert_int_equal(loop_timer_set(s->fd, 300000000, 0, NULL), 0);
	if (q->events == 10)
		loop_stop(q->loop, 0);
	return 0;
}

static void on_quiet(void *ctx)
{
	struct quiet *q = ctx;

	q->calls++;
	q->events_before = q->events;
}

static void quiet_is_told_once_when_nothing_has_happened_for_so_long(void **state UNUSED)
{
	struct loop_source s = { .fd = -1 };
	struct loop l;
	struct quiet q = { .loop = &l };
	int fd = loop_timer(NULL);

	assert_int_equal(loop_init(&l, NULL), 0);
	assert_int_equal(loop_add(&l, &s, fd, EPOLLIN, on_tick, &q, NULL), 0);
	assert_int_equal(loop_timer_set(fd, 1000000, 1000000, NULL), 0);
	loop_when_quiet(&l, 60, on_quiet, &q);
	assert_int_equal(loop_run(&l, NULL), 0);
	assert_int_equal(q.calls, 1);
	assert_int_equal(q.events_before, 9);
	/* Nobody asks any more. */
	q.events = 8;
	loop_when_quiet(&l, 60, on_quiet, &q);
	loop_when_quiet(&l, 0, NULL, NULL);
	assert_int_equal(loop_timer_set(fd, 1000000, 0, NULL), 0);
	assert_int_equal(loop_run(&l, NULL), 0);
	assert_int_equal(q.calls, 1);
	loop_remove(&l, &s);
	loop_done(&l);
	(void)close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_removed_source_is_not_called_in_the_same_round),
		cmocka_unit_test(removing_what_was_never_added_is_harmless),
		cmocka_unit_test(a_failing_callback_ends_the_run),
		cmocka_unit_test(a_timer_repeats_until_the_loop_is_stopped),
		cmocka_unit_test(a_signal_is_an_event),
		cmocka_unit_test(events_can_be_changed),
		cmocka_unit_test(quiet_is_told_once_when_nothing_has_happened_for_so_long),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
