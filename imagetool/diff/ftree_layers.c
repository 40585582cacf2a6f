/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/ftree_layers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/diff/layer_list.h"
#include "imagetool/errors.h"

#define THREADS_MAX 8

/* Layers waiting to be read; threads take the next. */
struct reading {
	const struct image *img;
	struct layer_list *lists;
	int *fds;
	size_t n;
	pthread_mutex_t lock;
	size_t next;
	struct err failure; /* the first */
};

static bool take(struct reading *r, size_t *ret)
{
	bool some;

	(void)pthread_mutex_lock(&r->lock);
	some = r->next < r->n && !r->failure.code;
	*ret = r->next++;
	(void)pthread_mutex_unlock(&r->lock);
	return some;
}

static void *read_layers(void *arg)
{
	struct reading *r = arg;
	const struct image_descriptor *layers = r->img->manifest->layers.items;
	size_t i;

	while (take(r, &i)) {
		struct err e = { 0 };

		if (layer_list_read(&r->lists[i], r->fds[i], &layers[i],
				    r->img->config->rootfs->diff_ids.items[i], &e) >= 0)
			continue;
		(void)pthread_mutex_lock(&r->lock);
		if (!r->failure.code)
			r->failure = e;
		(void)pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

/* This thread is one of them. */
static void read_all(struct reading *r)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[THREADS_MAX];
	int n = 0;

	(void)pthread_mutex_init(&r->lock, NULL);
	while (n < cores - 1 && n < THREADS_MAX && (size_t)n + 1 < r->n &&
	       pthread_create(&threads[n], NULL, read_layers, r) == 0)
		n++;
	(void)read_layers(r);
	while (n > 0)
		(void)pthread_join(threads[--n], NULL);
	(void)pthread_mutex_destroy(&r->lock);
}

static int open_blobs(struct reading *r, const struct store *s, struct err *e)
{
	const struct image_descriptor *layers = r->img->manifest->layers.items;

	for (size_t i = 0; i < r->n; i++) {
		r->fds[i] = blob_open(s, layers[i].digest, NULL, e);
		if (r->fds[i] < 0)
			return r->fds[i];
	}
	return 0;
}

static int merge_all(struct reading *r, struct ftree *t, struct err *e)
{
	int ret = 0;

	t->layers = xcalloc(r->n, sizeof(*t->layers));
	for (size_t i = 0; i < r->n && ret >= 0; i++) {
		ret = layer_list_merge(&r->lists[i], t, (unsigned)i + 1, e);
		/* The tree points into them from now on. */
		t->layers[t->n_layers++] = r->lists[i].arena;
		r->lists[i].arena = (struct arena){ 0 };
	}
	return ret;
}

static int check_image(const struct image *img, struct err *e)
{
	if (!img->config || !img->config->rootfs)
		return err_set(e, EINVAL, "'%s' is not a container image", img->name);
	if (img->config->rootfs->diff_ids.n != img->manifest->layers.n)
		return err_set(e, IMAGE_EVERIFY, "the manifest has %zu layers, the config %zu",
			       img->manifest->layers.n, img->config->rootfs->diff_ids.n);
	return 0;
}

int ftree_add_image(struct ftree *t, const struct store *s, const struct image *img, struct err *e)
{
	struct reading reading = { .img = img, .n = img->manifest->layers.n };
	int r = check_image(img, e);

	if (r < 0)
		return r;
	reading.lists = xcalloc(reading.n + 1, sizeof(*reading.lists));
	reading.fds = xcalloc(reading.n + 1, sizeof(*reading.fds));
	for (size_t i = 0; i < reading.n; i++)
		reading.fds[i] = -1;
	r = open_blobs(&reading, s, e);
	if (r >= 0)
		read_all(&reading);
	if (r >= 0 && reading.failure.code)
		r = err_take(e, &reading.failure);
	if (r >= 0)
		r = merge_all(&reading, t, e);
	for (size_t i = 0; i < reading.n; i++) {
		layer_list_done(&reading.lists[i]);
		if (reading.fds[i] >= 0)
			(void)close(reading.fds[i]);
	}
	free(reading.lists);
	free(reading.fds);
	if (r < 0)
		return err_wrap(e, r, "'%s'", img->name);
	ftree_sort(t);
	return 0;
}
