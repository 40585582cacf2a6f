/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/state.h"

#include "imagetool/archive/oci_manifest.h"

static struct result_layer layer_of(const struct solve_layer *l)
{
	struct result_layer ret = { .diff_id = l->diff_id, .created = { .tv_sec = l->created } };

	if (l->base)
		ret.desc = *l->base;
	else
		ret.desc = (struct image_descriptor){ .media_type = oci_layer_type_of(l->kind),
						      .digest = l->digest,
						      .size = { true, l->size } };
	return ret;
}

static bool has_layer(const struct solve_result *r, size_t vertex)
{
	for (size_t i = r->n_base; i < r->n_layers && vertex != NO_VERTEX; i++)
		if (r->layers[i].vertex == vertex)
			return true;
	return false;
}

static unsigned char *history_of(const struct graph_target *t, const struct solve_result *r,
				 struct arena *a)
{
	unsigned char *has = arena_alloc(a, t->config.history.n + 1, 1);

	for (size_t i = 0; i < t->config.history.n; i++)
		has[i] = has_layer(r, t->history_vertex[i]);
	return has;
}

void result_image_of(const struct solve *s, const struct graph *g, size_t i, struct arena *a,
		     struct result_image *ret)
{
	const struct graph_target *t = &g->targets[i];
	const struct solve_result *r = solve_result(s, i);
	struct result_layer *layers;

	*ret = (struct result_image){ .platform = t->platform, .config = &t->config };
	if (!r)
		return;
	layers = arena_alloc(a, r->n_layers + 1, sizeof(*layers));
	for (size_t k = 0; k < r->n_layers; k++)
		layers[k] = layer_of(&r->layers[k]);
	ret->layers = layers;
	ret->n_layers = r->n_layers;
	ret->n_base = r->n_base;
	ret->n_base_history = t->n_base_history;
	ret->history_layer = history_of(t, r, a);
}

/* ---- Steps ---- */

struct collecting {
	struct solve *s;
	const struct graph *g;
	struct arena *a;
	struct cache_entries *ret;
	size_t *entry_of; /* by vertex; CACHE_NOTHING_BELOW: none */
};

static bool is_step(const struct vertex *v)
{
	return v->kind == VERTEX_FILES || v->kind == VERTEX_RUN;
}

static size_t base_of(const struct vertex *v)
{
	if (v->kind == VERTEX_RUN)
		return v->u.run.base;
	return v->u.files.link ? v->u.files.above : v->u.files.base;
}

/* As an image has it, else packed for this. */
static int find_layer(const struct collecting *c, size_t vertex, bool max, struct solve_layer *ret,
		      struct err *e)
{
	int r = 0;

	for (size_t t = 0; t < c->g->n_targets; t++) {
		const struct solve_result *made = solve_result(c->s, t);

		for (size_t i = made ? made->n_base : 0; made && i < made->n_layers; i++)
			if (made->layers[i].vertex == vertex) {
				*ret = made->layers[i];
				return 1;
			}
	}
	if (!max)
		return 0;
	r = solve_pack(c->s, vertex, ret, e);
	return r < 0 ? r : 1;
}

static bool is_in_a_target(const struct graph *g, size_t vertex)
{
	for (size_t t = 0; t < g->n_targets; t++)
		for (size_t i = 0; i < g->targets[t].n_layers; i++)
			if (g->targets[t].layers[i] == vertex)
				return true;
	return false;
}

static void add(struct collecting *c, size_t vertex, const struct solve_known *known,
		const struct solve_layer *layer)
{
	size_t base = base_of(&c->g->items[vertex]);
	struct cache_entry *n = &c->ret->items[c->ret->n];
	struct solve_layer *kept;

	*n = (struct cache_entry){
		.key = arena_strdup(c->a, known->key),
		.other_key = arena_strdup(c->a, known->def_key),
		.below = base == NO_VERTEX ? CACHE_NOTHING_BELOW : c->entry_of[base],
		.created = known->record ? known->record->created : 0,
	};
	if (layer) {
		kept = arena_grow(c->a, layer, 1, 1, sizeof(*layer));
		n->changed = true;
		n->layer = layer_of(kept);
	}
	c->entry_of[vertex] = c->ret->n++;
}

static int collect(struct collecting *c, size_t vertex, bool max, struct err *e)
{
	struct solve_known known;
	struct solve_layer layer;
	int r;

	if (!is_step(&c->g->items[vertex]) || (!max && !is_in_a_target(c->g, vertex)) ||
	    !solve_known(c->s, vertex, &known))
		return 0;
	if (known.record && known.record->snapshot && !*known.record->snapshot) {
		add(c, vertex, &known, NULL);
		return 0;
	}
	r = find_layer(c, vertex, max, &layer, e);
	if (r > 0)
		add(c, vertex, &known, &layer);
	return r;
}

int cache_entries_of(struct solve *s, const struct graph *g, bool max, struct arena *a,
		     struct cache_entries *ret, struct err *e)
{
	struct collecting c = { .s = s, .g = g, .a = a, .ret = ret };
	int r = 0;

	*ret = (struct cache_entries){ .items = arena_alloc(a, g->n + 1, sizeof(*ret->items)) };
	c.entry_of = arena_alloc(a, g->n + 1, sizeof(*c.entry_of));
	for (size_t i = 0; i < g->n; i++)
		c.entry_of[i] = CACHE_NOTHING_BELOW;
	for (size_t i = 0; i < g->n && r >= 0; i++)
		r = collect(&c, i, max, e);
	return r < 0 ? r : 0;
}
