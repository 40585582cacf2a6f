/* SPDX-License-Identifier: Apache-2.0 */
/* What a vertex changed, as a layer: tar, compressed, a blob of the store. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/commit/layer_blob.h"
#include "imagetool/diff/ftree_dir.h"
#include "imagetool/diff/layer_write.h"
#include "imagetool/diff/upper.h"
#include "imagetool/mount/overlay.h"
#include "imagetool/progress/progress.h"
#include "imagetool/solve/plain.h"
#include "imagetool/tar/write.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/log.h"

/* ---- The tar ---- */

static int write_changes(const struct solve *s, struct byte_sink to, const struct changes *changes,
			 int upperfd, struct err *e)
{
	autofree struct tar_writer *w = xcalloc(1, sizeof(*w));
	struct layer_write_notes notes = { 0 };
	int r;

	tar_writer_init_sink(w, to);
	w->has_latest = s->opts->has_latest;
	w->latest = s->opts->latest;
	r = layer_write(changes, upperfd, w, &notes, e);
	return r < 0 ? r : tar_write_end(w, e);
}

static int write_blob(struct solve *s, const struct changes *changes, int upperfd,
		      struct compress_result *ret, struct err *e)
{
	auto_(layer_blob) struct layer_blob layer = { 0 };
	int r = layer_blob_begin(&layer, s->opts->store, &s->opts->compression, e);

	if (r >= 0)
		r = write_changes(s, layer_blob_sink(&layer), changes, upperfd, e);
	return r < 0 ? r : layer_blob_commit(&layer, ret, e);
}

/* ---- The changes ---- */

static int find_changes(struct solve *s, const struct task *n, int upperfd, struct ftree *t,
			struct changes *ret, struct err *e)
{
	const struct ftree_dir_opts scan = { .upper = overlay_is_users() ? MARKS_USER
									 : MARKS_TRUSTED };
	const struct vertex *v = n->v;
	size_t below = vertex_is_alone(v) ? NO_VERTEX : vertex_below(v);
	struct ftree_dir_notes notes = { 0 };
	int lowerfd = below == NO_VERTEX ? -1 : tree_open(s, below, e);
	int r;

	if (below != NO_VERTEX && lowerfd < 0)
		return lowerfd;
	r = ftree_add_dir(t, upperfd, &scan, &notes, e);
	/* It was mounted so that there are none; a step with all capabilities can make them. */
	if (r >= 0 && notes.redirects)
		return err_set(e, EIO,
			       "the step set overlayfs's own attributes: run it without "
			       "--security=insecure, or let it leave trusted.overlay.* alone");
	if (r >= 0 && notes.reserved)
		log_warning(
			"%s: %llu file(s) left out: layers use names that begin with '.wh.' for "
			"what is gone",
			v->name, (unsigned long long)notes.reserved);
	return r < 0 ? r : upper_changes(t, upperfd, lowerfd, ret, e);
}

static int noted_changes(int treefd, struct ftree *t, struct changes *ret, struct err *e)
{
	const struct ftree_dir_opts scan = { 0 };
	struct ftree_dir_notes notes = { 0 };
	int r = ftree_add_dir(t, treefd, &scan, &notes, e);

	return r < 0 ? r : plain_changes(treefd, t, ret, e);
}

/* -1: it changed nothing. */
static int open_upper(struct solve *s, struct task *n, int *ret_fd, bool *ret_whole, struct err *e)
{
	auto_(snapshot_stack) struct snapshot_stack st = { 0 };
	int r;

	*ret_fd = -1;
	if (!n->rec.snapshot || !n->rec.snapshot[0])
		return 0;
	r = tree_stack(s, n->index, &st, e);
	if (r < 0)
		return r;
	*ret_whole = st.lower[0].form == SNAPSHOT_PLAIN;
	*ret_fd = dir_open_at(AT_FDCWD, st.lower[0].path, e);
	return *ret_fd < 0 ? *ret_fd : 0;
}

static int write_layer(struct solve *s, struct task *n, struct compress_result *ret, struct err *e)
{
	auto_(changes) struct changes changes = { 0 };
	auto_(ftree) struct ftree t;
	autofd int upperfd = -1;
	bool whole = false;
	int r;

	ftree_init(&t);
	r = open_upper(s, n, &upperfd, &whole, e);
	if (r >= 0 && upperfd >= 0)
		r = whole ? noted_changes(upperfd, &t, &changes, e)
			  : find_changes(s, n, upperfd, &t, &changes, e);
	return r < 0 ? r : write_blob(s, &changes, upperfd, ret, e);
}

/* ---- The job ---- */

static void take(struct solve *s, struct task *n, const struct compress_result *made)
{
	struct build_layer l = s->like;

	memcpy(l.diff_id, made->diff_id, sizeof(l.diff_id));
	memcpy(l.digest, made->digest, sizeof(l.digest));
	l.size = made->size;
	n->layer = l;
	n->packed = true;
	build_record_add_layer(&n->rec, &l);
}

/* As asked for, else in any other form: what is there is not compressed again for its own sake. */
static const struct build_layer *choose_layer(const struct solve *s, const struct task *n)
{
	const struct build_layer *exact = build_record_layer(&n->rec, &s->like);

	for (size_t i = 0; !exact && i < n->rec.n_layers; i++) {
		const struct build_layer *l = &n->rec.layers[i];

		if (l->has_latest == s->like.has_latest && l->latest == s->like.latest)
			exact = l;
	}
	return exact;
}

/* The lock of layers is held. */
static bool find_layer_locked(struct solve *s, struct task *n)
{
	const struct build_layer *l;

	if (n->packed)
		return true;
	l = n->found ? choose_layer(s, n) : NULL;
	if (!l || !blob_exists(s->opts->store, l->digest, l->size > 0 ? l->size : -1))
		return false;
	n->layer = *l;
	n->packed = true;
	return true;
}

bool solve_find_layer(struct solve *s, struct task *n)
{
	bool found;

	(void)pthread_mutex_lock(&s->layer_lock);
	found = find_layer_locked(s, n);
	(void)pthread_mutex_unlock(&s->layer_lock);
	return found;
}

int solve_pack_job(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	struct compress_result made;
	int r;

	if (!sched_want(t, job_of(n->index, STAGE_FIND)))
		return SCHED_AGAIN;
	if (solve_find_layer(s, n))
		return SCHED_DONE;
	if (!sched_want(t, job_of(n->index, STAGE_MAKE)))
		return SCHED_AGAIN;
	r = solve_busy(s, t, e);
	if (r >= 0)
		r = write_layer(s, n, &made, e);
	if (r < 0)
		return err_wrap(e, r, "layer of '%s'", n->v->name);
	take(s, n, &made);
	r = solve_remember(s, n, e);
	return r < 0 ? r : SCHED_DONE;
}
