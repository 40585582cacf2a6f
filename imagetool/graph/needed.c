/* SPDX-License-Identifier: Apache-2.0 */
/* Which stages a target needs: known from names alone, before any of them is made. */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "imagetool/graph/internal.h"

typedef int source_fn(void *ctx, const char *name, bool numbers, struct err *e);

/* The value of from= in "type=bind,from=x,source=y"; NULL: there is none. */
static const char *mount_from(const char *mount, struct strbuf *ret)
{
	const char *found = NULL;

	while (*mount) {
		size_t len = strcspn(mount, ",");

		if (len > 5 && strncasecmp(mount, "from=", 5) == 0) {
			strbuf_truncate(ret, 0);
			strbuf_add(ret, mount + 5, len - 5);
			found = strbuf_str(ret);
		}
		mount += len + (mount[len] == ',');
	}
	return found;
}

/* Calls for every name of a tree in the instruction; "" for a mount that names none. */
static int each_source(const struct instruction *i, source_fn *fn, void *ctx, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	const char *from = i->kind == INSTRUCTION_COPY ? instruction_flag(i, "from") : NULL;
	int r = from && *from ? fn(ctx, from, true, e) : 0;

	for (size_t n = 0; i->kind == INSTRUCTION_RUN && n < i->n_flags && r >= 0; n++) {
		if (!streq(i->flags[n].name, "mount"))
			continue;
		from = mount_from(i->flags[n].value, &text);
		r = fn(ctx, from ? from : "", false, e);
	}
	return r;
}

/* ---- Marking ---- */

struct marker {
	struct platform_build *pb;
	struct stage_build *s;
};

static int mark_source(void *ctx, const char *name, bool numbers, struct err *e)
{
	struct marker *m = ctx;
	ssize_t stage;
	int r = *name ? base_find_stage(m->pb, m->s, name, numbers, &stage, e) : 0;

	return r >= 0 && *name && stage >= 0 ? needed_mark(m->pb, (size_t)stage, e) : r;
}

static int mark_instruction(struct marker *m, const struct instruction *i, struct err *e)
{
	m->pb->b->now = i;
	return each_source(i, mark_source, m, e);
}

/* The stage this one is built on keeps triggers: what they copy from is needed here. */
static int mark_triggers(struct marker *m, const struct stage *base, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < base->n && r >= 0; i++)
		if (base->items[i].kind == INSTRUCTION_ONBUILD)
			r = mark_instruction(m, base->items[i].trigger, e);
	return r;
}

/* Earlier stages only: the recursion ends. */
int needed_mark(struct platform_build *pb, size_t target, struct err *e)
{
	struct marker m = { pb, &pb->builds[target] };
	const struct stage *s = m.s->stage;
	struct graph_context context = { .kind = GRAPH_CONTEXT_NONE };
	int r;

	if (pb->needed[target])
		return 0;
	pb->needed[target] = true;
	r = context_lookup(pb, s->name, &context, e);
	if (r < 0 || context.kind != GRAPH_CONTEXT_NONE)
		return r;
	if (s->base == BASE_STAGE) {
		r = needed_mark(pb, s->base_stage, e);
		if (r >= 0)
			r = mark_triggers(&m, &pb->stages.items[s->base_stage], e);
	}
	for (size_t i = 0; i < s->n && r >= 0; i++)
		r = mark_instruction(&m, &s->items[i], e);
	return r;
}

/* ---- Who needs whom, for messages ---- */

struct seeker {
	struct platform_build *pb;
	size_t number; /* of the stage that is looked at */
	size_t wanted;
	bool *seen;
	bool found;
};

static void seek(struct seeker *k, size_t stage);

static int seek_source(void *ctx, const char *name, bool numbers UNUSED, struct err *e UNUSED)
{
	struct seeker *k = ctx;
	ssize_t i = *name ? stages_find_name(k->pb, name, k->number) : -1;

	if (i >= 0)
		seek(k, (size_t)i);
	return 0;
}

static void seek(struct seeker *k, size_t stage)
{
	const struct stage *s = &k->pb->stages.items[stage];
	size_t before = k->number;

	k->found = k->found || stage == k->wanted;
	if (k->found || k->seen[stage])
		return;
	k->seen[stage] = true;
	k->number = stage;
	if (s->base == BASE_STAGE)
		seek(k, s->base_stage);
	for (size_t i = 0; i < s->n; i++)
		(void)each_source(&s->items[i], seek_source, k, NULL);
	k->number = before;
}

bool needed_by(struct platform_build *pb, size_t stage, size_t wanted)
{
	autofree bool *seen = xcalloc(pb->stages.n, sizeof(*seen));
	struct seeker k = { .pb = pb, .number = stage, .wanted = wanted, .seen = seen };

	seek(&k, stage);
	return k.found;
}

/* ---- Names ---- */

/* The last one before `before`, else any. */
ssize_t stages_find_name(const struct platform_build *pb, const char *name, size_t before)
{
	autofree char *lower = xstrdup(name);
	ssize_t i;

	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	i = names_find(&pb->by_name, lower);
	if (i < 0)
		return -1;
	/* Names that are there twice are rare. */
	while (i >= 0 && (size_t)i >= before)
		i = pb->same_name[i];
	return i >= 0 ? i : names_find(&pb->by_name, lower);
}

/* ---- Images ---- */

struct gatherer {
	struct platform_build *pb;
	struct vertex_image *items;
	size_t n, cap;
	struct names seen;
	struct platform platform;
	size_t number;
};

static void gather(struct gatherer *g, const char *name)
{
	struct builder *b = g->pb->b;
	struct vertex_image want = { .platform = g->platform };
	struct graph_context context = { .kind = GRAPH_CONTEXT_NONE };
	char platform[PLATFORM_TEXT_SIZE];
	const char *key;

	if (image_full_name(b, name, &want.reference, NULL) < 0 ||
	    context_lookup(g->pb, image_short_name(b, want.reference), &context, NULL) < 0 ||
	    context.kind != GRAPH_CONTEXT_NONE)
		return;
	key = arena_printf(b->arena, "%s %s", platform_text(&want.platform, platform),
			   want.reference);
	if (names_find(&g->seen, key) >= 0)
		return;
	names_set(&g->seen, b->arena, key, g->n);
	if (g->n == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 8;
		g->items = arena_grow(b->arena, g->items, g->n, g->cap, sizeof(*g->items));
	}
	g->items[g->n++] = want;
}

static int gather_source(void *ctx, const char *name, bool numbers UNUSED, struct err *e UNUSED)
{
	struct gatherer *g = ctx;

	g->platform = g->pb->target;
	if (*name && !streq(name, "scratch") && !isdigit((unsigned char)*name) &&
	    stages_find_name(g->pb, name, g->number) < 0)
		gather(g, name);
	return 0;
}

static void gather_stage(struct gatherer *g, size_t number)
{
	const struct stage *s = &g->pb->stages.items[number];
	struct graph_context context = { .kind = GRAPH_CONTEXT_NONE };
	struct platform own;

	if (context_lookup(g->pb, s->name, &context, NULL) < 0 ||
	    context.kind != GRAPH_CONTEXT_NONE)
		return;
	g->number = number;
	g->platform = g->pb->target;
	if (s->platform && platform_parse(s->platform, &own, NULL) >= 0)
		g->platform = own;
	if (s->base == BASE_IMAGE)
		gather(g, s->base_name);
	for (size_t i = 0; i < s->n; i++)
		(void)each_source(&s->items[i], gather_source, g, NULL);
}

void needed_images(struct platform_build *pb)
{
	struct gatherer g = { .pb = pb };

	if (!pb->b->calls->images_ahead)
		return;
	for (size_t i = 0; i < pb->stages.n; i++)
		if (pb->needed[i])
			gather_stage(&g, i);
	if (g.n > 0)
		pb->b->calls->images_ahead(pb->b->calls->ctx, g.items, g.n);
}

/* ---- Labels ---- */

static int count_source(void *ctx, const char *name, bool numbers, struct err *e UNUSED)
{
	struct gatherer *g = ctx;

	g->n += !(numbers && isdigit((unsigned char)*name)) &&
		stages_find_name(g->pb, name, g->number) < 0;
	return 0;
}

/* A stage that is the only tree there is needs no name in front of its steps; scratch counts
 * where a mount names none. */
bool needed_is_single(struct platform_build *pb)
{
	struct gatherer g = { .pb = pb };
	const struct stage *s = pb->stages.items;

	for (size_t i = 0; pb->stages.n == 1 && i < s->n; i++)
		(void)each_source(&s->items[i], count_source, &g, NULL);
	return pb->stages.n == 1 && g.n == 0;
}
