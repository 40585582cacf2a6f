/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/solve/sched.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "imagetool/interrupt.h"
#include "libutil/alloc.h"

#define THREADS_MIN 4 /* steps wait for programs most of the time */
#define THREADS_MAX 32

enum job_state { JOB_IDLE, JOB_READY, JOB_RUNNING, JOB_WAITING, JOB_DONE };

struct job {
	enum job_state state;
	size_t waits;       /* for so many others */
	size_t *dependents; /* owned: who waits for this one */
	size_t n, cap;
};

struct sched {
	const struct sched_opts *opts;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct job *jobs;
	size_t *ready; /* a ring of n_jobs */
	size_t head, n_ready;
	size_t running;
	bool over; /* failed, or nothing left */
	bool failed;
	size_t failed_job;
	struct err err;
	int cancelfd, stopfd; /* eventfds: for jobs; for the thread that watches signals */
	pthread_t *threads;   /* owned; NULL before the first busy job */
	size_t n_threads;
	pthread_t watcher;
	bool watched;
};

/* ---- The queue ---- */

static void make_ready(struct sched *s, size_t job)
{
	s->jobs[job].state = JOB_READY;
	s->ready[(s->head + s->n_ready++) % s->opts->n_jobs] = job;
}

static size_t take_ready(struct sched *s)
{
	size_t job = s->ready[s->head];

	s->head = (s->head + 1) % s->opts->n_jobs;
	s->n_ready--;
	return job;
}

static void add_dependent(struct job *of, size_t job)
{
	if (of->n == of->cap) {
		of->cap = of->cap ? 2 * of->cap : 4;
		of->dependents = xreallocarray(of->dependents, of->cap, sizeof(size_t));
	}
	of->dependents[of->n++] = job;
}

static void end_all(struct sched *s)
{
	s->over = true;
	(void)pthread_cond_broadcast(&s->changed);
}

static void fail(struct sched *s, size_t job, const struct err *why)
{
	const uint64_t one = 1;

	if (s->failed)
		return;
	s->failed = true;
	s->failed_job = job;
	s->err = *why;
	if (s->cancelfd >= 0)
		(void)!write(s->cancelfd, &one, sizeof(one));
	end_all(s);
}

/* ---- One turn ---- */

static void finish(struct sched *s, size_t job)
{
	struct job *j = &s->jobs[job];

	j->state = JOB_DONE;
	for (size_t i = 0; i < j->n; i++)
		if (--s->jobs[j->dependents[i]].waits == 0)
			make_ready(s, j->dependents[i]);
	free(j->dependents);
	j->dependents = NULL;
	j->n = j->cap = 0;
}

static void wait_for(struct sched *s, const struct sched_turn *t)
{
	struct job *j = &s->jobs[t->job];

	assert(t->n > 0);
	j->state = JOB_WAITING;
	for (size_t i = 0; i < t->n; i++) {
		struct job *other = &s->jobs[t->wants[i]];

		if (other->state == JOB_DONE)
			continue;
		add_dependent(other, t->job);
		j->waits++;
		if (other->state == JOB_IDLE)
			make_ready(s, t->wants[i]);
	}
	if (j->waits == 0)
		make_ready(s, t->job);
}

/* Called and left with the lock held. */
static void run_one(struct sched *s, size_t job)
{
	struct sched_turn t = { .sched = s, .job = job };
	struct err e = { 0 };
	int r;

	s->jobs[job].state = JOB_RUNNING;
	s->running++;
	(void)pthread_mutex_unlock(&s->lock);
	r = s->opts->run(s->opts->ctx, job, &t, &e);
	(void)pthread_mutex_lock(&s->lock);
	s->running--;
	if (r < 0) {
		if (!e.code)
			e.code = -r;
		fail(s, job, &e);
	} else if (r == SCHED_DONE) {
		finish(s, job);
	} else {
		wait_for(s, &t);
	}
	free(t.wants);
	(void)pthread_cond_broadcast(&s->changed);
}

/* Until all is over. */
static void work(struct sched *s)
{
	(void)pthread_mutex_lock(&s->lock);
	while (!s->over) {
		if (s->n_ready)
			run_one(s, take_ready(s));
		else if (s->running)
			(void)pthread_cond_wait(&s->changed, &s->lock);
		else
			end_all(s);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

static void *helper(void *arg)
{
	work(arg);
	return NULL;
}

/* ---- Signals ---- */

/* They are held back and stay pending: to look is to be told. */
static void *watch(void *arg)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sched *s = arg;
	struct err e = { 0 };
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	sigset_t set;
	autofd int sigfd = -1;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		(void)sigaddset(&set, signals[i]);
	sigfd = signalfd(-1, &set, SFD_CLOEXEC);
	p[0].fd = s->stopfd;
	p[1].fd = sigfd;
	while (poll(p, ARRAY_LEN(p), -1) < 0 && errno == EINTR)
		;
	if (!p[0].revents && interrupt_check(&e) < 0) {
		(void)pthread_mutex_lock(&s->lock);
		fail(s, SIZE_MAX, &e);
		(void)pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

/* ---- Threads ---- */

static unsigned how_many(const struct sched_opts *o)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (o->threads)
		return o->threads < THREADS_MAX ? o->threads : THREADS_MAX;
	n = n < 1 ? THREADS_MIN : 2 * n;
	return n < THREADS_MIN ? THREADS_MIN : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

/* Before there are others: the caller's thread is the only one. */
static int start_threads(struct sched *s, struct err *e)
{
	unsigned n = how_many(s->opts);
	int r = s->opts->before_threads ? s->opts->before_threads(s->opts->ctx, e) : 0;

	if (r < 0)
		return r;
	s->cancelfd = eventfd(0, EFD_CLOEXEC);
	s->stopfd = eventfd(0, EFD_CLOEXEC);
	if (s->cancelfd < 0 || s->stopfd < 0)
		return err_sys(e, "make an event descriptor");
	s->threads = xcalloc(n, sizeof(*s->threads));
	s->watched = pthread_create(&s->watcher, NULL, watch, s) == 0;
	/* Fewer threads do the same, later. */
	while (s->n_threads + 1 < n &&
	       pthread_create(&s->threads[s->n_threads], NULL, helper, s) == 0)
		s->n_threads++;
	return 0;
}

static void join_all(struct sched *s)
{
	const uint64_t one = 1;

	for (size_t i = 0; i < s->n_threads; i++)
		(void)pthread_join(s->threads[i], NULL);
	if (s->watched) {
		(void)!write(s->stopfd, &one, sizeof(one));
		(void)pthread_join(s->watcher, NULL);
	}
}

static void sched_done(struct sched *s)
{
	for (size_t i = 0; i < s->opts->n_jobs; i++)
		free(s->jobs[i].dependents);
	close_at_exit(&s->cancelfd);
	close_at_exit(&s->stopfd);
	free(s->jobs);
	free(s->ready);
	free(s->threads);
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->lock);
}

int sched_run(const struct sched_opts *opts, const size_t *roots, size_t n_roots,
	      size_t *ret_failed, struct err *e)
{
	struct sched s = { .opts = opts, .cancelfd = -1, .stopfd = -1, .failed_job = SIZE_MAX };
	int r = 0;

	(void)pthread_mutex_init(&s.lock, NULL);
	(void)pthread_cond_init(&s.changed, NULL);
	s.jobs = xcalloc(opts->n_jobs + 1, sizeof(*s.jobs));
	s.ready = xcalloc(opts->n_jobs + 1, sizeof(*s.ready));
	for (size_t i = 0; i < n_roots; i++)
		if (s.jobs[roots[i]].state == JOB_IDLE)
			make_ready(&s, roots[i]);
	work(&s);
	join_all(&s);
	for (size_t i = 0; i < n_roots && !s.failed; i++)
		assert(s.jobs[roots[i]].state == JOB_DONE);
	if (s.failed)
		r = err_take(e, &s.err);
	if (ret_failed)
		*ret_failed = s.failed_job;
	sched_done(&s);
	return r;
}

/* ---- Within a job ---- */

bool sched_want(struct sched_turn *t, size_t job)
{
	struct sched *s = t->sched;
	bool done;

	(void)pthread_mutex_lock(&s->lock);
	done = s->jobs[job].state == JOB_DONE;
	(void)pthread_mutex_unlock(&s->lock);
	if (done)
		return true;
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 8;
		t->wants = xreallocarray(t->wants, t->cap, sizeof(size_t));
	}
	t->wants[t->n++] = job;
	return false;
}

void sched_start(struct sched_turn *t, size_t job)
{
	struct sched *s = t->sched;

	(void)pthread_mutex_lock(&s->lock);
	if (s->jobs[job].state == JOB_IDLE) {
		make_ready(s, job);
		(void)pthread_cond_signal(&s->changed);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

int sched_busy(struct sched_turn *t, struct err *e)
{
	struct sched *s = t->sched;
	int r = s->threads ? 0 : start_threads(s, e);

	if (r < 0)
		return r;
	return sched_is_cancelled(t) ? err_set(e, ECANCELED, "canceled") : 0;
}

int sched_cancelfd(const struct sched_turn *t)
{
	return t->sched->cancelfd;
}

bool sched_is_cancelled(const struct sched_turn *t)
{
	bool failed;

	(void)pthread_mutex_lock(&t->sched->lock);
	failed = t->sched->failed;
	(void)pthread_mutex_unlock(&t->sched->lock);
	return failed;
}
