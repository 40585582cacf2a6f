/* SPDX-License-Identifier: Apache-2.0 */
/* Between layers and trees: a tree is made of a layer, and takes the name of its layer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/solve/plain.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"

void solve_adopt(struct solve *s, struct task *n, const char *chain)
{
	auto_(claim) struct claim c = CLAIM_NONE;
	char key[SNAPSHOT_KEY_SIZE];

	if (!n->rec.snapshot || !starts_with(n->rec.snapshot, SNAPSHOT_BUILD_PREFIX))
		return;
	/* Who misses the old name waits for the record of the new one (tree.c). */
	if (solve_claim(s, n->key, false, &c, NULL) < 0)
		return;
	snapshot_key_chain(chain, key);
	if (built_rename(s->snaps, n->rec.snapshot, key, n->layer.diff_id, NULL) < 0)
		return;
	(void)pthread_mutex_lock(&s->lock);
	free(n->rec.snapshot);
	n->rec.snapshot = xstrdup(key);
	(void)pthread_mutex_unlock(&s->lock);
	(void)solve_remember(s, n, NULL);
}

/* ---- The chain of layers up to a vertex ---- */

struct up_to {
	struct snapshot_chain chain;
	const char **diff_ids;
	struct image_descriptor *layers;
	size_t cap;
};

static void up_to_done(struct up_to *u)
{
	free(u->chain.ids);
	free(u->diff_ids);
	free(u->layers);
}
AUTO_DEFINE_DONE(up_to, up_to_done)

static void add_layer(struct up_to *u, const char *diff_id, const struct image_descriptor *desc)
{
	size_t i = u->chain.n++;

	u->diff_ids[i] = diff_id;
	u->layers[i] = *desc;
	if (i > 0)
		memcpy(u->chain.ids[i], u->chain.ids[i - 1], DIGEST_TEXT_SIZE);
	else
		u->chain.ids[i][0] = '\0';
	snapshot_chain_id(u->chain.ids[i], diff_id);
}

static void add_image(struct up_to *u, const struct image *image)
{
	const struct image_descriptor *layers = image->manifest->layers.items;

	for (size_t i = 0; i < image->manifest->layers.n; i++)
		add_layer(u, image->config->rootfs->diff_ids.items[i], &layers[i]);
}

const char *solve_media_type(enum layer_compression kind)
{
	switch (kind) {
	case LAYER_PLAIN:
		return MEDIA_OCI_LAYER;
	case LAYER_GZIP:
		return MEDIA_OCI_LAYER "+gzip";
	case LAYER_ZSTD:
		return MEDIA_OCI_LAYER "+zstd";
	}
	return MEDIA_OCI_LAYER;
}

static void add_task(struct up_to *u, const struct task *n)
{
	const struct image_descriptor desc = { .media_type = solve_media_type(n->layer.kind),
					       .digest = n->layer.digest,
					       .size = { n->layer.size > 0, n->layer.size } };

	add_layer(u, n->layer.diff_id, &desc);
}

/* Lowest first. */
static void add_all(struct solve *s, struct up_to *u, size_t vertex)
{
	const struct task *n = &s->nodes[vertex];
	size_t below = vertex_below(n->v);

	if (below != NO_VERTEX)
		add_all(s, u, below);
	if (n->image)
		add_image(u, n->image);
	else
		add_task(u, n);
}

static size_t count_layers(const struct solve *s, size_t vertex)
{
	size_t n = 0;

	for (; vertex != NO_VERTEX; vertex = vertex_below(s->nodes[vertex].v)) {
		const struct image *image = s->nodes[vertex].image;

		n += image ? image->manifest->layers.n : 1;
	}
	return n;
}

static void make_chain(struct solve *s, struct up_to *u, size_t vertex)
{
	size_t n = count_layers(s, vertex);

	u->chain.ids = xcalloc(n + 1, sizeof(*u->chain.ids));
	u->diff_ids = xcalloc(n + 1, sizeof(*u->diff_ids));
	u->layers = xcalloc(n + 1, sizeof(*u->layers));
	u->chain.diff_ids = u->diff_ids;
	u->chain.layers = u->layers;
	add_all(s, u, vertex);
}

/* ---- One layer ---- */

/* What lies below is found by its chain, too. */
static void adopt_below(struct solve *s, const struct up_to *u, size_t vertex)
{
	size_t i = u->chain.n - 1;

	for (vertex = vertex_below(s->nodes[vertex].v);
	     vertex != NO_VERTEX && !s->nodes[vertex].image && i > 0;
	     vertex = vertex_below(s->nodes[vertex].v))
		solve_adopt(s, &s->nodes[vertex], u->chain.ids[--i]);
}

static int unpack(struct solve *s, struct task *n, struct err *e)
{
	auto_(up_to) struct up_to u = { 0 };
	struct apply_notes notes = { 0 };
	int r = 0;

	make_chain(s, &u, n->index);
	adopt_below(s, &u, n->index);
	/* A step that changed nothing has no tree of its own, but a layer. */
	for (size_t i = 0; i < u.chain.n && r >= 0; i++)
		r = snapshot_make_stored(s->snaps, &u.chain, i, &notes, e);
	if (r >= 0)
		r = snapshot_settle(s->snaps, &u.chain, &notes, e);
	if (r < 0)
		return r;
	n->rec.snapshot = snapshot_key(s->snaps, &u.chain, u.chain.n - 1);
	return n->rec.snapshot ? solve_remember(s, n, e) : 0;
}

static bool want_all_below(const struct solve *s, const struct task *n, struct sched_turn *t)
{
	size_t vertex = vertex_below(n->v);
	bool done = vertex == NO_VERTEX || sched_want(t, job_of(vertex, STAGE_MAKE));

	for (; vertex != NO_VERTEX; vertex = vertex_below(s->nodes[vertex].v))
		if (s->nodes[vertex].v->kind != VERTEX_IMAGE)
			done &= sched_want(t, job_of(vertex, STAGE_PACK));
	return done;
}

int solve_unpack(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	struct err why = { 0 };
	int r;

	/* Times that were cut are not those of the tree. */
	if (s->like.has_latest || !n->rec.n_layers ||
	    count_layers(s, n->index) > SNAPSHOT_LAYERS_MAX || !solve_find_layer(s, n))
		return SCHED_DONE;
	if (!want_all_below(s, n, t))
		return SCHED_AGAIN;
	r = solve_busy(s, t, e);
	if (r < 0)
		return r;
	free(n->rec.snapshot);
	n->rec.snapshot = NULL;
	r = plain_is_needed(s) ? plain_unpack(s, n, &why) : unpack(s, n, &why);
	if (r < 0) {
		/* The step can be carried out instead. */
		free(n->rec.snapshot);
		n->rec.snapshot = NULL;
		(void)pthread_mutex_lock(&s->layer_lock);
		n->found = n->packed = false;
		(void)pthread_mutex_unlock(&s->layer_lock);
	}
	return SCHED_DONE;
}
