/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/pull/transfer.h"

#include <errno.h>
#include <string.h>

#include "imagetool/human.h"
#include "libutil/alloc.h"

/* As many layers at once as transfers; each has buffers of half a megabyte. */
#define WORKERS_MAX REGISTRY_PARALLEL

struct transfer {
	struct pull *pull;
	struct blob_progress *progress;
	pthread_t workers[WORKERS_MAX];
	size_t n_workers;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* Under the mutex. */
	size_t done;
	bool planned; /* the config is there and was checked */
	int result;   /* of the first worker that failed */
	struct err err;
	bool again;
};

/* ---- Workers ---- */

/*
 * The next one that may be begun; NULL when all are taken, or the pull has failed.  One that
 * another process fetches is left alone: if workers waited for those, two processes could wait for
 * blobs that each has and neither works on.
 */
static struct job *take(struct transfer *t)
{
	const struct pull *p = t->pull;

	for (;;) {
		bool left = false;

		for (size_t i = 0; i < p->n_jobs && t->result == 0; i++) {
			struct job *job = &p->jobs[i];

			if (job->taken)
				continue;
			left = true;
			if ((job->needs_plan && !t->planned) || !feed_has_begun(&job->feed))
				continue;
			job->taken = true;
			return job;
		}
		if (!left || t->result < 0)
			return NULL;
		(void)pthread_cond_wait(&t->changed, &t->mutex);
	}
}

static void finish(struct transfer *t, struct job *job, const struct apply_notes *notes, int r,
		   bool again, const struct err *e)
{
	t->pull->notes.devices += notes->devices;
	t->pull->notes.xattrs += notes->xattrs;
	if (r < 0 && t->result == 0) {
		t->result = r;
		t->err = *e;
		t->again = again;
	}
	if (r >= 0)
		t->done++;
	job->done = r >= 0;
	t->planned = t->planned || (r >= 0 && job->layer == JOB_CONFIG);
	(void)pthread_cond_broadcast(&t->changed);
}

static void *work(void *transfer)
{
	struct transfer *t = transfer;
	struct job *job;

	(void)pthread_mutex_lock(&t->mutex);
	while ((job = take(t)) != NULL) {
		struct apply_notes notes = { 0 };
		struct err e = { 0 };
		bool again = false;
		int r;

		(void)pthread_mutex_unlock(&t->mutex);
		r = job_run(t->pull, job, &notes, &again, &e);
		(void)pthread_mutex_lock(&t->mutex);
		finish(t, job, &notes, r, again, &e);
		registry_wake(t->pull->registry);
	}
	(void)pthread_mutex_unlock(&t->mutex);
	return NULL;
}

static int start_workers(struct transfer *t, struct err *e)
{
	size_t wanted = t->pull->n_jobs < WORKERS_MAX ? t->pull->n_jobs : WORKERS_MAX;

	while (t->n_workers < wanted) {
		int error = pthread_create(&t->workers[t->n_workers], NULL, work, t);

		/* Fewer do as well. */
		if (error && t->n_workers > 0)
			return 0;
		if (error)
			return err_set(e, error, "start a thread: %s", strerror(error));
		t->n_workers++;
	}
	return 0;
}

/* Those of a failed pull end soon: what they wait for is cancelled. */
static void join_workers(struct transfer *t, bool failed)
{
	for (size_t i = 0; i < t->pull->n_jobs && failed; i++)
		feed_cancel(&t->pull->jobs[i].feed);
	(void)pthread_mutex_lock(&t->mutex);
	if (failed && t->result == 0)
		t->result = -ECANCELED;
	(void)pthread_cond_broadcast(&t->changed);
	(void)pthread_mutex_unlock(&t->mutex);
	for (size_t i = 0; i < t->n_workers; i++)
		(void)pthread_join(t->workers[i], NULL);
	t->n_workers = 0;
}

/* ---- What a person sees ---- */

/* A blob_progress_row_fn. */
static void show_job(const void *jobs, size_t i, struct blob_progress_row *ret)
{
	const struct job *job = (const struct job *)jobs + i;
	const struct download *d = job->item;
	int64_t consumed = __atomic_load_n(&job->feed.consumed, __ATOMIC_RELAXED);
	int64_t arrived = d ? d->arrived : job->feed.size;

	*ret = (struct blob_progress_row){
		.digest = job->desc->digest,
		.size = job->feed.size,
		.moved = arrived,
		.behind = job->done || consumed > arrived ? 0 : arrived - consumed,
		.state = job->done                                     ? BLOB_PROGRESS_DONE
			 : arrived == job->feed.size                   ? BLOB_PROGRESS_WORKING
			 : d->state == DOWNLOAD_WAITING && !d->arrived ? BLOB_PROGRESS_WAITING
								       : BLOB_PROGRESS_RUNNING,
		.note = d && d->interruptions ? ", resumed after an interruption" : "",
	};
}

static void start_showing(const struct pull *p, struct blob_progress *progress)
{
	char size[HUMAN_SIZE];

	blob_progress_start(progress, p->opts->progress, show_job, p->jobs, p->n_jobs);
	if (p->n_missing > 0)
		blob_progress_say(progress, "pulling %s: %zu of %zu blobs, %s", p->name,
				  p->n_missing, p->n_layers + (p->manifest->config != NULL),
				  human_size(p->missing, size));
}

/* ---- The thread of the network ---- */

/* A download_more_fn. */
static int tick(void *transfer, struct err *e)
{
	struct transfer *t = transfer;
	int r;

	(void)pthread_mutex_lock(&t->mutex);
	blob_progress_tick(t->progress);
	(void)pthread_cond_broadcast(&t->changed);
	r = t->result;
	/* The next poll knows which signal it was. */
	if (r == -EINTR)
		r = 1;
	else if (r < 0 && e)
		*e = t->err;
	else if (r >= 0)
		r = t->done < t->pull->n_jobs;
	(void)pthread_mutex_unlock(&t->mutex);
	return r;
}

static int run(struct transfer *t, struct download *items, size_t n, struct err *e)
{
	int r = start_workers(t, e);

	if (r >= 0)
		r = registry_download(t->pull->registry, items, n, tick, t, e);
	join_workers(t, r < 0);
	return r;
}

static size_t prepare(struct pull *p, struct download *items)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_jobs; i++) {
		struct job *job = &p->jobs[i];

		feed_init(&job->feed, p->store, job->desc->digest, job->desc->size.v);
		if (!job->missing) {
			feed_set_stored(&job->feed);
			continue;
		}
		job->item = &items[n++];
		*job->item = (struct download){ .digest = job->desc->digest,
						.size = job->desc->size.v,
						.sink = &feed_sink,
						.ctx = &job->feed,
						.known = job->has_known ? &job->known : NULL };
	}
	return n;
}

/* The tail of a blob travelled before the rest. */
static void count_spared(struct pull *p)
{
	p->spared = 0;
	for (size_t i = 0; i < p->n_jobs; i++) {
		const struct job *job = &p->jobs[i];
		int64_t tail = (int64_t)job->reuse.bytes.len;

		if (job->item && job->item->known_bytes > tail)
			p->spared += (uint64_t)(job->item->known_bytes - tail);
	}
}

int pull_transfer(struct pull *p, bool *ret_again, struct err *e)
{
	struct blob_progress progress;
	struct transfer t = { .pull = p,
			      .progress = &progress,
			      .planned = !p->has_config || p->config };
	autofree struct download *items = xcalloc(p->n_jobs + 1, sizeof(*items));
	size_t n = prepare(p, items);
	int r;

	if (p->n_jobs == 0)
		return 0;
	(void)pthread_mutex_init(&t.mutex, NULL);
	(void)pthread_cond_init(&t.changed, NULL);
	start_showing(p, &progress);
	r = run(&t, items, n, e);
	blob_progress_end(&progress);
	count_spared(p);
	for (size_t i = 0; i < p->n_jobs; i++) {
		feed_done(&p->jobs[i].feed);
		chunked_reuse_done(&p->jobs[i].reuse);
	}
	(void)pthread_mutex_destroy(&t.mutex);
	(void)pthread_cond_destroy(&t.changed);
	*ret_again = t.again;
	return r;
}
