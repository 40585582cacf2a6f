/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/solve/sched.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/interrupt.h"

#define JOBS_MAX 64

/* What a job of these tests wants first, and does. */
struct plan {
	size_t wants[4], n;
	bool busy;
	int fails; /* errno */
	bool waits_for_end;
	int meets;     /* so many jobs have to be here at once */
	size_t starts; /* 0: none */
};

struct world {
	struct plan plans[JOBS_MAX];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t order[JOBS_MAX], n_order;
	int runs[JOBS_MAX];
	int here, prepared;
};

static void note(struct world *w, size_t job)
{
	(void)pthread_mutex_lock(&w->lock);
	w->order[w->n_order++] = job;
	(void)pthread_mutex_unlock(&w->lock);
}

static void meet(struct world *w, int how_many)
{
	(void)pthread_mutex_lock(&w->lock);
	w->here++;
	(void)pthread_cond_broadcast(&w->changed);
	while (w->here < how_many)
		(void)pthread_cond_wait(&w->changed, &w->lock);
	(void)pthread_mutex_unlock(&w->lock);
}

static int run(void *ctx, size_t job, struct sched_turn *t, struct err *e)
{
	struct world *w = ctx;
	struct plan *p = &w->plans[job];
	bool done = true;
	int r = 0;

	w->runs[job]++;
	if (p->starts)
		sched_start(t, p->starts);
	for (size_t i = 0; i < p->n; i++)
		done &= sched_want(t, p->wants[i]);
	if (!done)
		return SCHED_AGAIN;
	if (p->busy)
		r = sched_busy(t, e);
	if (r < 0)
		return r;
	if (p->meets)
		meet(w, p->meets);
	if (p->waits_for_end) {
		struct pollfd fd = { .fd = sched_cancelfd(t), .events = POLLIN };

		if (poll(&fd, 1, 120000) != 1)
			return err_set(e, ETIMEDOUT, "nobody ended it");
		return err_set(e, ECANCELED, "ended");
	}
	if (p->fails)
		return err_set(e, p->fails, "job %zu broke", job);
	note(w, job);
	return SCHED_DONE;
}

static int prepare(void *ctx, struct err *e UNUSED)
{
	((struct world *)ctx)->prepared++;
	return 0;
}

static int go(struct world *w, size_t root, unsigned threads, size_t *failed, struct err *e)
{
	const struct sched_opts opts = { .n_jobs = JOBS_MAX,
					 .threads = threads,
					 .run = run,
					 .before_threads = prepare,
					 .ctx = w };

	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->changed, NULL);
	return sched_run(&opts, &root, 1, failed, e);
}

static size_t place(const struct world *w, size_t job)
{
	for (size_t i = 0; i < w->n_order; i++)
		if (w->order[i] == job)
			return i;
	fail_msg("job %zu was not done", job);
	return 0;
}

static void what_is_wanted_is_done_first_and_nothing_else(void **state UNUSED)
{
	struct world w = { .plans = { [0] = { .wants = { 1, 2 }, .n = 2 },
				      [1] = { .wants = { 3 }, .n = 1 },
				      [2] = { .wants = { 3 }, .n = 1 } } };
	struct err e = { 0 };
	size_t failed;

	assert_int_equal(go(&w, 0, 2, &failed, &e), 0);
	assert_int_equal(w.n_order, 4);
	assert_true(place(&w, 3) < place(&w, 1) && place(&w, 3) < place(&w, 2));
	assert_int_equal(place(&w, 0), 3);
	assert_int_equal(failed, SIZE_MAX);
}

static void a_job_that_two_want_runs_once(void **state UNUSED)
{
	struct world w = { .plans = { [0] = { .wants = { 1, 2 }, .n = 2 },
				      [1] = { .wants = { 3 }, .n = 1 },
				      [2] = { .wants = { 3 }, .n = 1 } } };

	assert_int_equal(go(&w, 0, 4, NULL, NULL), 0);
	assert_int_equal(w.runs[3], 1);
	assert_int_equal(w.runs[0], 2);
}

static void without_a_busy_job_there_is_one_thread(void **state UNUSED)
{
	struct world w = { .plans = { [0] = { .wants = { 1 }, .n = 1 } } };

	assert_int_equal(go(&w, 0, 4, NULL, NULL), 0);
	assert_int_equal(w.prepared, 0);
}

static void independent_busy_jobs_run_at_once(void **state UNUSED)
{
	struct world w = { .plans = { [0] = { .wants = { 1, 2, 3 }, .n = 3 },
				      [1] = { .busy = true, .meets = 3 },
				      [2] = { .busy = true, .meets = 3 },
				      [3] = { .busy = true, .meets = 3 } } };

	/* Each waits for the others: one after the other they would wait for ever. */
	assert_int_equal(go(&w, 0, 3, NULL, NULL), 0);
	assert_int_equal(w.prepared, 1);
	assert_int_equal(w.n_order, 4);
}

static void what_was_started_runs_though_nobody_waits_for_it(void **state UNUSED)
{
	struct world w = { .plans = { [0] = { .wants = { 1 }, .n = 1, .starts = 2 },
				      [1] = { .busy = true, .meets = 2 },
				      [2] = { .busy = true, .meets = 2 } } };

	assert_int_equal(go(&w, 0, 3, NULL, NULL), 0);
	assert_int_equal(w.runs[2], 1);
}

static void the_first_failure_ends_the_others_and_is_told(void **state UNUSED)
{
	struct world w = { .plans = { [0] = { .wants = { 1, 2 }, .n = 2 },
				      [1] = { .busy = true, .waits_for_end = true },
				      [2] = { .busy = true, .fails = EIO } } };
	struct err e = { 0 };
	size_t failed = 0;

	assert_int_equal(go(&w, 0, 4, &failed, &e), -EIO);
	assert_string_equal(e.msg, "job 2 broke");
	assert_int_equal(failed, 2);
	assert_int_equal(w.n_order, 0);
}

static void nothing_begins_after_a_failure(void **state UNUSED)
{
	struct world w = { .plans = { [0] = { .wants = { 1, 2 }, .n = 2 },
				      [1] = { .busy = true, .fails = EIO },
				      [2] = { .wants = { 3 }, .n = 1 },
				      [3] = { .busy = true } } };

	assert_int_equal(go(&w, 0, 1, NULL, NULL), -EIO);
	assert_int_equal(w.n_order, 0);
}

static void a_signal_that_is_held_back_ends_it(void **state UNUSED)
{
	struct world w = { .plans = { [0] = { .busy = true, .waits_for_end = true } } };
	struct interrupt held;
	struct err e = { 0 };
	sigset_t set;
	size_t failed = 0;
	int sig;

	interrupt_hold(&held);
	(void)kill(getpid(), SIGTERM);
	assert_int_equal(go(&w, 0, 2, &failed, &e), -EINTR);
	assert_int_equal(failed, SIZE_MAX);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	assert_int_equal(sigwait(&set, &sig), 0);
	interrupt_release(&held);
}

static void a_long_chain_ends(void **state UNUSED)
{
	struct world w = { 0 };

	for (size_t i = 0; i + 1 < JOBS_MAX; i++)
		w.plans[i] = (struct plan){ .wants = { i + 1 }, .n = 1, .busy = i % 3 == 0 };
	assert_int_equal(go(&w, 0, 4, NULL, NULL), 0);
	assert_int_equal(w.n_order, JOBS_MAX);
	for (size_t i = 0; i < JOBS_MAX; i++)
		assert_int_equal(w.order[i], JOBS_MAX - 1 - i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wanted_is_done_first_and_nothing_else),
		cmocka_unit_test(a_job_that_two_want_runs_once),
		cmocka_unit_test(without_a_busy_job_there_is_one_thread),
		cmocka_unit_test(independent_busy_jobs_run_at_once),
		cmocka_unit_test(what_was_started_runs_though_nobody_waits_for_it),
		cmocka_unit_test(the_first_failure_ends_the_others_and_is_told),
		cmocka_unit_test(nothing_begins_after_a_failure),
		cmocka_unit_test(a_signal_that_is_held_back_ends_it),
		cmocka_unit_test(a_long_chain_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
