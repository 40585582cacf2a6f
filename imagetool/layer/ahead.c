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
	void *ctx;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	size_t filled, used; /* buffers so far; at most AHEAD_BUFFERS apart */
	bool stop;
	struct err failed; /* says why when a buffer's len is negative */
	bool holding;      /* the user's own: it reads the buffer `used` */
	struct buffer buffers[AHEAD_BUFFERS];
};

static struct buffer *buffer_of(struct ahead *a, size_t i)
{
	return &a->buffers[i % AHEAD_BUFFERS];
}

/* Wait for a free buffer; NULL when nobody wants more. */
static struct buffer *wait_free(struct ahead *a)
{
	bool stop;

	(void)pthread_mutex_lock(&a->lock);
	while (!a->stop && a->filled - a->used == AHEAD_BUFFERS)
		(void)pthread_cond_wait(&a->changed, &a->lock);
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

struct ahead *ahead_new(ahead_fill_fn *fill, void *ctx)
{
	struct ahead *a = xcalloc(1, sizeof(*a));

	a->fill = fill;
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
	while (a->filled == a->used)
		(void)pthread_cond_wait(&a->changed, &a->lock);
	b = buffer_of(a, a->used);
	a->holding = b->len > 0;
	(void)pthread_mutex_unlock(&a->lock);
	if (b->len < 0)
		return err_take(e, &a->failed);
	*ret = b->data;
	return b->len;
}
