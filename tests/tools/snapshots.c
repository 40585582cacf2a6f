/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshots STORE IMAGE [FORM] - make the snapshots of an image that is in a
 * store, the uppermost layer first and two at a time, settle them, and print
 * what overlayfs is to be given: one lower per line, top first, then "root" and
 * the root directory's mode, owner and time.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/snapshot/snapshot.h"
#include "imagetool/store/image.h"
#include "libutil/macro.h"

#define THREADS 2

struct work {
	struct snapshots *s;
	struct snapshot_chain chain;
	pthread_mutex_t lock;
	size_t left; /* layers nobody has taken */
	struct err failed;
};

/* 1 and *ret; 0 when there is none left, or something failed. */
static int take(struct work *w, size_t *ret)
{
	int r;

	(void)pthread_mutex_lock(&w->lock);
	r = w->left > 0 && w->failed.code == 0;
	if (r)
		*ret = --w->left;
	(void)pthread_mutex_unlock(&w->lock);
	return r;
}

static void *run(void *ctx)
{
	struct work *w = ctx;
	size_t i;

	while (take(w, &i)) {
		struct apply_notes notes = { 0 };
		struct err e = { 0 };

		if (snapshot_make_stored(w->s, &w->chain, i, &notes, &e) >= 0)
			continue;
		(void)pthread_mutex_lock(&w->lock);
		w->failed = e;
		(void)pthread_mutex_unlock(&w->lock);
	}
	return NULL;
}

static int make_all(struct work *w, struct err *e)
{
	pthread_t threads[THREADS];

	w->left = w->chain.n;
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, w) != 0)
			abort();
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	return w->failed.code ? err_take(e, &w->failed) : 0;
}

static void print(const struct snapshot_stack *st)
{
	for (size_t i = 0; i < st->n; i++)
		(void)printf("%s\n", st->lower[i].path);
	(void)printf("root %d %o %u %u %lld\n", st->root.from, st->root.mode, st->root.uid,
		     st->root.gid, (long long)st->root.mtime.tv_sec);
}

static int run_all(char **argv, enum snapshot_choice form, struct err *e)
{
	auto_(store) struct store *store = NULL;
	auto_(image) struct image img = { 0 };
	auto_(snapshots) struct snapshots *s = NULL;
	auto_(snapshot_stack) struct snapshot_stack st = { 0 };
	struct work w = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct apply_notes notes = { 0 };
	int r = store_open(argv[1], STORE_WRITE, &store, e);

	if (r >= 0)
		r = image_load(store, argv[2], NULL, &img, e);
	if (r >= 0)
		r = snapshots_open(store, form, &s, e);
	if (r >= 0)
		r = snapshot_chain_init(&w.chain, img.manifest, img.config, e);
	if (r < 0)
		return r;
	w.s = s;
	r = make_all(&w, e);
	if (r >= 0)
		r = snapshot_settle(s, &w.chain, &notes, e);
	if (r >= 0)
		r = snapshot_lowers(s, &w.chain, &st, e);
	if (r >= 0)
		print(&st);
	snapshot_chain_done(&w.chain);
	return r;
}

int main(int argc, char **argv)
{
	enum snapshot_choice form = SNAPSHOTS_DIR_FORM;
	struct err e = { 0 };

	if (argc < 3)
		return 2;
	if (argc > 3 && streq(argv[3], "erofs"))
		form = SNAPSHOTS_EROFS_FORM;
	if (run_all(argv, form, &e) >= 0)
		return 0;
	(void)fprintf(stderr, "snapshots: %s\n", e.msg);
	return 1;
}
