/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known by its layer alone, because another machine did it: the layer is unpacked where a
 * step above it has to stand on it.  Doing the step again instead might make something else than
 * the image gets.
 */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/archive/oci_manifest.h"
#include "imagetool/solve/internal.h"
#include "libutil/alloc.h"

bool solve_is_layer_alone(const struct task *n)
{
	return n->found && !n->rec.snapshot && n->rec.n_layers > 0;
}

/* ---- The layers below, and itself ---- */

struct listing {
	struct image_descriptor layers[SNAPSHOT_LAYERS_MAX];
	const char *ids[SNAPSHOT_LAYERS_MAX + 1];
	size_t n;
};

static int push(struct listing *l, const struct image_descriptor *desc, const char *diff_id,
		struct err *e)
{
	if (l->n == SNAPSHOT_LAYERS_MAX)
		return err_set(e, E2BIG, "there are more than %d layers", SNAPSHOT_LAYERS_MAX);
	l->layers[l->n] = *desc;
	l->ids[l->n++] = diff_id;
	return 0;
}

static int push_image(struct listing *l, const struct image *img, struct err *e)
{
	const struct image_descriptor *layers = img->manifest->layers.items;
	size_t n = img->config->rootfs->diff_ids.n;
	int r = 0;

	if (n != img->manifest->layers.n)
		return err_set(e, EBADMSG, "the manifest has %zu layers, the config %zu",
			       img->manifest->layers.n, n);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = push(l, &layers[i], img->config->rootfs->diff_ids.items[i], e);
	return r;
}

static int push_step(struct listing *l, const struct task *n, struct err *e)
{
	const struct image_descriptor desc = { .media_type = oci_layer_type_of(n->layer.kind),
					       .digest = n->layer.digest,
					       .size = { true, n->layer.size } };

	return push(l, &desc, n->layer.diff_id, e);
}

/* From below; no deeper than there are vertices. */
static int list(struct solve *s, size_t vertex, struct listing *l, struct err *e)
{
	const struct task *n;
	int r;

	if (vertex == NO_VERTEX)
		return 0;
	n = &s->nodes[vertex];
	if (n->v->kind == VERTEX_IMAGE)
		return push_image(l, n->image, e);
	r = list(s, vertex_below(n->v), l, e);
	return r < 0 ? r : push_step(l, n, e);
}

/* ---- Unpacking ---- */

static int make_all(struct solve *s, const struct snapshot_chain *c, struct err *e)
{
	struct apply_notes notes = { 0 };
	int r = 0;

	for (size_t i = 0; i < c->n && r >= 0; i++)
		r = snapshot_make_stored(s->snaps, c, i, &notes, e);
	return r < 0 ? r : snapshot_settle(s->snaps, c, &notes, e);
}

static int unpack(struct solve *s, struct task *n, struct listing *l, struct err *e)
{
	struct image_rootfs fs = { .type = "layers", .diff_ids = { l->ids, l->n } };
	const struct image_config config = { .rootfs = &fs };
	const struct image_manifest manifest = { .layers = { l->layers, l->n } };
	auto_(snapshot_chain) struct snapshot_chain c = { 0 };
	int r = snapshot_chain_init(&c, &manifest, &config, e);

	if (r >= 0)
		r = make_all(s, &c, e);
	if (r < 0)
		return r;
	n->rec.snapshot = snapshot_key(s->snaps, &c, c.n - 1);
	return n->rec.snapshot ? solve_remember(s, n, e)
			       : err_set(e, ENOENT, "its snapshot was removed meanwhile");
}

static bool want_layers(const struct solve *s, const struct task *n, struct sched_turn *t)
{
	bool done = true;

	for (size_t v = n->index; v != NO_VERTEX; v = vertex_below(s->nodes[v].v))
		if (s->nodes[v].v->kind != VERTEX_IMAGE)
			done &= sched_want(t, job_of(v, STAGE_PACK));
	return done;
}

int solve_unpack(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	autofree struct listing *l = NULL;
	int r;

	if (!want_layers(s, n, t))
		return SCHED_AGAIN;
	r = sched_busy(t, e);
	l = xcalloc(1, sizeof(*l));
	if (r >= 0)
		r = list(s, n->index, l, e);
	if (r >= 0)
		r = unpack(s, n, l, e);
	return r < 0 ? err_wrap(e, r, "unpack the layer of '%s'", n->v->name) : SCHED_DONE;
}
