/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "libutil/alloc.h"

struct buffer {
	int len; /* or a negative errno */
	uint8_t data[AHEAD_BUFFER_SIZE];
};

struct ahead {
	ahead_fill_fn *fill;
	ahead_pass_fn *pass;
	void *ctx;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	/* Buffers so far, each no more than the one before; at most AHEAD_BUFFERS apart. */
	size_t filled, passed, used;
	bool passing; /* somebody is at the buffer `passed` */
	bool stop;
	struct err failed; /* says why when a buffer's len is negative */
	bool holding;      /* the user's own: it reads the buffer `used` */
	struct buffer buffers[AHEAD_BUFFERS];
};

static struct buffer *buffer_of(struct ahead *a, size_t i)
{
	return &a->buffers[i % AHEAD_BUFFERS];
}

/* Under the lock, which is let go meanwhile. */
static void pass_next(struct ahead *a)
{
	struct buffer *b = buffer_of(a, a->passed);

	a->passing = true;
	(void)pthread_mutex_unlock(&a->lock);
	if (b->len > 0)
		a->pass(a->ctx, b->data, (size_t)b->len);
	(void)pthread_mutex_lock(&a->lock);
	a->passing = false;
	a->passed++;
	(void)pthread_cond_signal(&a->changed);
}

/* Better than to wait: pass on a buffer that is waiting for it.  Under the lock. */
static void pass_or_wait(struct ahead *a)
{
	if (a->passed < a->filled && !a->passing)
		pass_next(a);
	else
		(void)pthread_cond_wait(&a->changed, &a->lock);
}

/* Wait for a free buffer; NULL when nobody wants more. */
static struct buffer *wait_free(struct ahead *a)
{
	bool stop;

	(void)pthread_mutex_lock(&a->lock);
	while (!a->stop && a->filled - a->used == AHEAD_BUFFERS)
		pass_or_wait(a);
	stop = a->stop;
	(void)pthread_mutex_unlock(&a->lock);
	return stop ? NULL : buffer_of(a, a->filled);
}

static void *run(void *ctx)
{
	struct ahead *a = ctx;
	struct buffer *b;
	int r = 1;

	while (r > 0 && (b = wait_free(a))) {
		struct err e = { 0 };

		r = b->len = a->fill(a->ctx, b->data, sizeof(b->data), &e);
		(void)pthread_mutex_lock(&a->lock);
		if (r < 0)
			a->failed = e;
		a->filled++;
		(void)pthread_cond_signal(&a->changed);
		(void)pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

struct ahead *ahead_new(ahead_fill_fn *fill, ahead_pass_fn *pass, void *ctx)
{
	struct ahead *a = xcalloc(1, sizeof(*a));

	a->fill = fill;
	a->pass = pass;
	a->ctx = ctx;
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->changed, NULL);
	if (pthread_create(&a->thread, NULL, run, a) == 0)
		return a;
	free(a);
	return NULL;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	(void)pthread_mutex_lock(&a->lock);
	a->stop = true;
	(void)pthread_cond_signal(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
	(void)pthread_join(a->thread, NULL);
	(void)pthread_cond_destroy(&a->changed);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
}

int ahead_next(struct ahead *a, const uint8_t **ret, struct err *e)
{
	struct buffer *b;

	(void)pthread_mutex_lock(&a->lock);
	/* The one that was handed out last is free now; the end stays, to be told again. */
	if (a->holding) {
		a->used++;
		(void)pthread_cond_signal(&a->changed);
	}
	while (a->passed == a->used)
		pass_or_wait(a);
	b = buffer_of(a, a->used);
	a->holding = b->len > 0;
	(void)pthread_mutex_unlock(&a->lock);
	if (b->len < 0)
		return err_take(e, &a->failed);
	*ret = b->data;
	return b->len;
}
