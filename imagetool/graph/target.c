/* SPDX-License-Identifier: Apache-2.0 */
/* A stage that was made becomes an image's description. */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/commit/config_lists.h"
#include "imagetool/graph/internal.h"

/* The list stands in reverse. */
static void take_history(struct platform_build *pb, const struct stage_build *s,
			 struct graph_target *t)
{
	struct arena *a = pb->b->arena;
	struct image_history *items = arena_alloc(a, s->n_history + 1, sizeof(*items));
	size_t *vertices = arena_alloc(a, s->n_history + 1, sizeof(*vertices));
	const struct history *h = s->history;

	for (size_t i = s->n_history; i-- > 0; h = h->before) {
		items[i] = h->entry;
		vertices[i] = h->vertex;
	}
	t->config.history = (struct oci_array){ .items = items, .n = s->n_history };
	t->history_vertex = vertices;
	t->n_base_history = s->n_base_history;
}

/* What it stands on, from vertex to vertex. */
static size_t below(const struct vertex *v)
{
	switch (v->kind) {
	case VERTEX_FILES:
		return v->u.files.link ? v->u.files.above : v->u.files.base;
	case VERTEX_RUN:
		return v->u.run.base;
	default:
		return NO_VERTEX;
	}
}

static void take_layers(struct platform_build *pb, struct graph_target *t)
{
	const struct vertices *g = &pb->b->vertices;
	size_t n = 0, *layers;

	for (size_t v = t->vertex; v != NO_VERTEX; v = below(&g->items[v]))
		n++;
	layers = arena_alloc(pb->b->arena, n + 1, sizeof(*layers));
	t->n_layers = n;
	for (size_t v = t->vertex; v != NO_VERTEX; v = below(&g->items[v]))
		layers[--n] = v;
	t->layers = layers;
}

static void take_labels(struct platform_build *pb, struct graph_target *t)
{
	const struct graph_options *o = pb->b->opts;

	for (size_t i = 0; i < o->n_labels; i++)
		map_set(pb->b->arena, &t->config.config->labels, o->labels[i].name,
			o->labels[i].value);
}

/* What was asked for goes before what the base says about itself. */
static void take_platform(struct platform_build *pb, struct graph_target *t)
{
	const struct platform *p = &pb->target;
	struct image_config *c = &t->config;
	struct arena *a = pb->b->arena;
	bool same =
		c->os && c->architecture && streq(c->os, p->os) && streq(c->architecture, p->arch);

	t->platform = *p;
	if (pb->implicit && c->os && c->architecture)
		return;
	c->os = arena_strdup(a, p->os);
	c->architecture = arena_strdup(a, p->arch);
	if (*p->variant || !same)
		c->variant = *p->variant ? arena_strdup(a, p->variant) : NULL;
	if (!same) {
		c->os_version = NULL;
		c->os_features = (struct oci_strings){ 0 };
	}
}

static void take_scans(struct platform_build *pb, const struct stage_build *s,
		       struct graph_target *t)
{
	size_t *vertices = arena_alloc(pb->b->arena, pb->stages.n, sizeof(*vertices));
	const char **names = arena_alloc(pb->b->arena, pb->stages.n, sizeof(*names));

	t->scan_context = s->scan_context;
	for (size_t i = 0; i < pb->stages.n; i++) {
		const struct stage_build *other = &pb->builds[i];

		if (!other->done || !other->scan_stage || other == s)
			continue;
		vertices[t->n_scan] = other->vertex;
		names[t->n_scan++] = other->label;
	}
	t->scan_vertices = vertices;
	t->scan_stages = names;
	if (t->scan_context)
		pb->b->graph->uses_context = true;
}

int target_finish(struct platform_build *pb, struct stage_build *s, struct graph_target *ret,
		  struct err *e UNUSED)
{
	struct image_run_config *run = arena_alloc(pb->b->arena, 1, sizeof(*run));

	*ret = (struct graph_target){ .vertex = s->vertex, .config = s->config };
	*run = *s->config.config;
	ret->config.config = run;
	ret->stage =
		*s->stage->name ? s->stage->name : arena_printf(pb->b->arena, "%zu", s->number);
	take_history(pb, s, ret);
	take_layers(pb, ret);
	take_labels(pb, ret);
	take_platform(pb, ret);
	take_scans(pb, s, ret);
	return 0;
}
