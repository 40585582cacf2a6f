/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a layer assumed about those below, compared with what they are.  The
 * usual layer assumed nothing.  One that only left directories out gets their
 * attributes; any other is made again with its parents at hand.
 */
#include <errno.h>

#include "imagetool/snapshot/internal.h"
#include "libutil/alloc.h"

struct settling {
	struct snapshots *s;
	const struct snapshot_chain *c;
	struct apply_notes *notes;
	struct view *lower; /* of the first `n_lower` layers */
	size_t n_lower;
};

static int add_lower(struct settling *t, size_t i, struct err *e)
{
	auto_(snapshot_info) struct snapshot_info info = { 0 };
	char key[SNAPSHOT_KEY_SIZE];
	autofd int fd = snapshot_open_layer(t->s, t->c, i, key, &info, e);
	const struct snapshot_form *form;
	int tree;

	if (fd < 0)
		return fd;
	form = snapshot_form_of(&info, key, e);
	if (!form)
		return -ENOTSUP;
	tree = form->open_tree(fd, e);
	if (tree < 0)
		return tree;
	view_add(t->lower, tree, info.root_opaque);
	return 0;
}

/* The view of everything below layer `i`. */
static int need_lower(struct settling *t, size_t i, struct err *e)
{
	if (!t->lower)
		t->lower = view_new();
	for (; t->n_lower < i; t->n_lower++) {
		int r = add_lower(t, t->n_lower, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* 1: every whiteout has a directory to hide something in. */
static int check_whiteouts(struct settling *t, size_t i, const struct snapshot_info *info,
			   struct err *e)
{
	int r = info->whiteout_dirs.n ? need_lower(t, i, e) : 0;

	for (size_t k = 0; r >= 0 && k < info->whiteout_dirs.n; k++) {
		auto_(view_found) struct view_found below = { .dirfd = -1 };

		/* The root is there always, but for the lowest layer. */
		if (info->whiteout_dirs.v[k][0] == '\0') {
			if (i == 0)
				return 0;
			continue;
		}
		r = view_find(t->lower, info->whiteout_dirs.v[k], &below, e);
		if (r >= 0 && below.kind != VIEW_DIR)
			return 0;
	}
	return r < 0 ? r : 1;
}

static int make_again(struct settling *t, size_t i, struct err *e)
{
	auto_(layer_stream) struct layer_stream *from = NULL;
	auto_(snapshot_info) struct snapshot_info info = { 0 };
	struct stage stage = { .fd = -1 };
	char key[SNAPSHOT_KEY_SIZE];
	autofd int fd = -1;
	int r = need_lower(t, i, e);

	if (r >= 0)
		r = stored_stream(t->s, t->c, i, &fd, &from, e);
	if (r >= 0)
		r = make_staged(t->s, t->c, i, t->lower, from, t->notes, &stage, &info, e);
	if (r < 0)
		return r;
	key_chained(t->c, i, key);
	r = stage_publish(t->s, &stage, key, &info, e);
	stage_drop(t->s, &stage);
	return r;
}

/* 1: it was settled in place. */
static int amend(struct settling *t, size_t i, struct pending *p, struct err *e)
{
	const struct snapshot_form *form = t->s->form;
	struct snapshot_job job = { .dirfd = p->stage.fd, .trusted = t->s->trusted };
	char key[SNAPSHOT_KEY_SIZE];
	int r = form->amend ? need_lower(t, i, e) : 0;

	if (r < 0 || !form->amend)
		return r;
	r = check_whiteouts(t, i, &p->info, e);
	job.lower = t->lower;
	if (r > 0)
		r = form->amend(&job, &p->info, e);
	if (r <= 0)
		return r;
	strv_done(&p->info.implied);
	key_chained(t->c, i, key);
	r = stage_publish(t->s, &p->stage, key, &p->info, e);
	return r < 0 ? r : 1;
}

static int settle_pending(struct settling *t, size_t i, struct pending *p, struct err *e)
{
	int r = p->info.redo ? 0 : amend(t, i, p, e);

	return r == 0 ? make_again(t, i, e) : r;
}

/* It stands alone, but perhaps not here: overlayfs would list its whiteouts. */
static int settle_made(struct settling *t, size_t i, struct err *e)
{
	auto_(snapshot_info) struct snapshot_info info = { 0 };
	char key[SNAPSHOT_KEY_SIZE], chained[SNAPSHOT_KEY_SIZE];
	autofd int fd = snapshot_open_layer(t->s, t->c, i, key, &info, e);
	int r;

	key_chained(t->c, i, chained);
	if (fd < 0 || streq(key, chained))
		return fd < 0 ? fd : 0;
	r = check_whiteouts(t, i, &info, e);
	return r == 0 ? make_again(t, i, e) : r;
}

static int settle_one(struct settling *t, size_t i, struct err *e)
{
	struct pending *p = pending_take(t->s, t->c->ids[i]);
	int r = p ? settle_pending(t, i, p, e) : settle_made(t, i, e);

	if (p)
		pending_free(t->s, p);
	return r < 0 ? err_wrap(e, r, "layer %s", t->c->layers[i].digest) : 0;
}

int snapshot_settle(struct snapshots *s, const struct snapshot_chain *c, struct apply_notes *notes,
		    struct err *e)
{
	struct settling t = { .s = s, .c = c, .notes = notes };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < c->n; i++)
		r = settle_one(&t, i, e);
	view_free(t.lower);
	return r;
}
