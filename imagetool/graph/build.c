/* SPDX-License-Identifier: Apache-2.0 */
/* The whole: platforms one after the other, each with its stages, into one graph. */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "imagetool/graph/internal.h"
#include "libutil/parse.h"
#include "libutil/suggest.h"

/* ---- Arguments of the whole build ---- */

/* Both spellings of one are set by either. */
static void take_proxy(struct builder *b, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < b->build_args.n; i++)
		if (strcasecmp(b->build_args.items[i].name, name) == 0)
			value = b->build_args.items[i].value;
	if (!value || !*value)
		return;
	for (int lower = 0; lower < 2; lower++) {
		char *text = arena_printf(b->arena, "%s=%s", name, value);

		for (char *c = text; lower && *c != '='; c++)
			*c = (char)tolower((unsigned char)*c);
		b->proxies[b->n_proxies++] = text;
	}
}

static void take_build_args(struct builder *b)
{
	static const char *const proxies[] = { "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY",
					       "ALL_PROXY" };

	b->build_args.arena = b->arena;
	for (size_t i = 0; i < b->opts->n_build_args; i++)
		vars_set(&b->build_args, b->opts->build_args[i].name, b->opts->build_args[i].value);
	b->proxies = arena_alloc(b->arena, 2 * ARRAY_LEN(proxies) + 1, sizeof(*b->proxies));
	for (size_t i = 0; i < ARRAY_LEN(proxies); i++)
		take_proxy(b, proxies[i]);
	b->graph->build_name = vars_get(&b->build_args, "BUILDKIT_BUILD_NAME");
}

static int take_multi_platform(struct builder *b, struct err *e)
{
	const char *text = vars_get(&b->build_args, "BUILDKIT_MULTI_PLATFORM");

	b->graph->multi_platform = b->opts->n_platforms > 1;
	if (!text || b->graph->multi_platform)
		return 0;
	if (parse_bool(text, &b->graph->multi_platform) < 0)
		return err_set(e, EINVAL, "invalid boolean value for multi-platform: %.40s", text);
	return 0;
}

/* ---- Stages of a platform ---- */

static const char *build_arg(void *ctx, const char *name)
{
	const struct platform_build *pb = ctx;

	return vars_get(&pb->b->build_args, name);
}

static const char *platform_arg(void *ctx, const char *name)
{
	const struct platform_build *pb = ctx;

	return vars_get(&pb->platform_args, name);
}

static void undefined(void *ctx, const struct instruction *from, const char *name)
{
	struct platform_build *pb = ctx;
	struct suggest near = { .typed = name };

	for (size_t i = 0; i < pb->stages.n_args; i++) {
		if (streq(pb->stages.args[i].name, name))
			return;
		suggest_try(&near, pb->stages.args[i].name);
	}
	for (size_t i = 0; i < pb->platform_args.n; i++)
		suggest_try(&near, pb->platform_args.items[i].name);
	report(pb, CHECK_UNDEFINED_ARG_IN_FROM, from,
	       arena_printf(pb->b->arena, "FROM argument '%s' is not declared%s%s%s", name,
			    near.best ? " (did you mean " : "", near.best ? near.best : "",
			    near.best ? "?)" : ""));
}

/* ---- Defaults alone ---- */

static const char *default_value(void *ctx, const char *name)
{
	return vars_get(ctx, name);
}

static const char *expand_default(struct platform_build *pb, struct vars *v, const char *word)
{
	const struct expand x = { .get = default_value, .ctx = v, .escape = pb->b->file->escape };
	auto_(strbuf) struct strbuf text = { .max = EXPAND_MAX };

	if (expand_text(&x, word, &text, NULL) < 0)
		return NULL;
	return arena_strndup(pb->b->arena, strbuf_str(&text), text.len);
}

static void check_default(struct platform_build *pb, struct vars *v, const struct instruction *from)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	const char *name =
		strchr(from->words[0], '$') ? expand_default(pb, v, from->words[0]) : NULL;

	if (name && (!*name || reference_parse(name, &ref, NULL) < 0))
		report(pb, CHECK_INVALID_DEFAULT_ARG_IN_FROM, from,
		       arena_printf(pb->b->arena,
				    "Default value for ARG %s results in empty or invalid base "
				    "image name",
				    from->words[0]));
}

/* Would each FROM name an image if nobody gave arguments? */
static void check_defaults(struct platform_build *pb)
{
	const struct dockerfile *f = pb->b->file;
	struct vars v = { .arena = pb->b->arena };
	bool above = true;

	if (!pb->b->checks || !pb->first)
		return;
	vars_copy(&v, &pb->platform_args);
	for (size_t i = 0; i < f->n; i++) {
		const struct instruction *c = &f->items[i];

		above = above && c->kind == INSTRUCTION_ARG;
		for (size_t n = 0; above && n < c->n_pairs; n++)
			if (c->pairs[n].value)
				vars_set(&v, c->pairs[n].name,
					 expand_default(pb, &v, c->pairs[n].value));
		if (c->kind == INSTRUCTION_FROM)
			check_default(pb, &v, c);
	}
}

static void take_globals(struct platform_build *pb)
{
	vars_copy(&pb->globals, &pb->platform_args);
	for (size_t i = 0; i < pb->stages.n_args; i++)
		if (pb->stages.args[i].value)
			vars_set(&pb->globals, pb->stages.args[i].name, pb->stages.args[i].value);
}

static void make_builds(struct platform_build *pb)
{
	struct arena *a = pb->b->arena;
	size_t n = pb->stages.n;

	pb->builds = arena_alloc(a, n, sizeof(*pb->builds));
	pb->needed = arena_alloc(a, n, sizeof(*pb->needed));
	pb->same_name = arena_alloc(a, n, sizeof(*pb->same_name));
	for (size_t i = 0; i < n; i++) {
		const struct stage *s = &pb->stages.items[i];

		pb->builds[i] = (struct stage_build){ .stage = s, .number = i };
		pb->builds[i].label = *s->name ? s->name : arena_printf(a, "stage-%zu", i);
		pb->same_name[i] = -1;
		if (!*s->name)
			continue;
		pb->same_name[i] = names_find(&pb->by_name, s->name);
		names_set(&pb->by_name, a, s->name, i);
	}
	if (needed_is_single(pb))
		pb->builds[0].label = "";
}

static int plan(struct platform_build *pb, struct err *e)
{
	struct builder *b = pb->b;
	const struct stages_input in = { build_arg, platform_arg, undefined, pb };
	int r;

	pb->platform_args.arena = pb->globals.arena = b->arena;
	platform_args_set(&pb->platform_args, b, &pb->target);
	r = stages_plan(b->file, &in, b->arena, &pb->stages, e);
	if (r < 0) {
		b->graph->failed_first_line = b->graph->failed_last_line = pb->stages.failed_line;
		return r;
	}
	take_globals(pb);
	make_builds(pb);
	check_defaults(pb);
	return 0;
}

static int make_stages(struct platform_build *pb, size_t target, struct err *e)
{
	struct builder *b = pb->b;
	int r = needed_mark(pb, target, e);

	for (size_t i = 0; b->opts->all_stages && i < pb->stages.n && r >= 0; i++)
		r = needed_mark(pb, i, e);
	if (r >= 0)
		needed_images(pb);
	for (size_t i = 0; i < pb->stages.n && r >= 0; i++)
		if (pb->needed[i])
			r = stage_make(pb, i, e);
	return r;
}

static int build_platform(struct platform_build *pb, struct graph_target *ret, struct err *e)
{
	ssize_t target;
	int r = plan(pb, e);

	if (r >= 0)
		r = epoch_find(pb, e);
	if (r < 0)
		return r;
	target = stages_target(&pb->stages, pb->b->opts->target, e);
	if (target < 0)
		return (int)target;
	r = make_stages(pb, (size_t)target, e);
	return r < 0 ? r : target_finish(pb, &pb->builds[target], ret, e);
}

/* ---- All platforms ---- */

static int add_target(struct builder *b, const struct platform *platform, struct err *e)
{
	struct graph *g = b->graph;
	struct platform_build pb = {
		.b = b,
		.target = platform ? *platform : b->opts->build_platform,
		.implicit = !platform,
		.first = g->n_targets == 0,
	};
	struct platform_build *kept = arena_alloc(b->arena, 1, sizeof(*kept));
	int r;

	*kept = pb; /* vertices point to its platform */
	r = build_platform(kept, &g->targets[g->n_targets], e);
	if (r >= 0)
		g->n_targets++;
	return r;
}

/* Vertices that no target needs were made for stages that only --check looks at, or for what a
 * step turned out not to use. */
static void keep_needed(struct builder *b)
{
	struct graph *g = b->graph;
	size_t n = 0, cap = 0;
	autofree size_t **wanted = NULL;

	for (size_t i = 0; i < g->n_targets; i++) {
		const struct graph_target *t = &g->targets[i];

		cap += 1 + t->config.history.n + t->n_layers + t->n_scan;
	}
	wanted = xcalloc(cap + 1, sizeof(*wanted));
	for (size_t i = 0; i < g->n_targets; i++) {
		struct graph_target *t = &g->targets[i];

		wanted[n++] = &t->vertex;
		for (size_t k = 0; k < t->config.history.n; k++)
			wanted[n++] = &t->history_vertex[k];
		for (size_t k = 0; k < t->n_layers; k++)
			wanted[n++] = &t->layers[k];
		for (size_t k = 0; k < t->n_scan; k++)
			wanted[n++] = &t->scan_vertices[k];
	}
	vertices_keep(&b->vertices, wanted, n);
	g->items = b->vertices.items;
	g->n = b->vertices.n;
}

static int build(struct builder *b, struct err *e)
{
	const struct graph_options *o = b->opts;
	size_t n = o->n_platforms ? o->n_platforms : 1;
	int r;

	if (n > GRAPH_PLATFORMS_MAX)
		return err_set(e, E2BIG, "more than %d platforms", GRAPH_PLATFORMS_MAX);
	take_build_args(b);
	r = take_multi_platform(b, e);
	b->graph->targets = arena_alloc(b->arena, n, sizeof(*b->graph->targets));
	for (size_t i = 0; i < n && r >= 0; i++)
		r = add_target(b, o->n_platforms ? &o->platforms[i] : NULL, e);
	return r;
}

int graph_build(const struct dockerfile *file, const struct graph_options *opts,
		const struct graph_calls *calls, struct checks *checks, struct arena *a,
		struct graph *ret, struct err *e)
{
	struct builder b = {
		.file = file,
		.opts = opts,
		.calls = calls,
		.checks = checks,
		.arena = a,
		.graph = ret,
		.vertices = { .arena = a, .run_salt = opts->run_salt },
	};
	int r;

	*ret = (struct graph){ 0 };
	r = build(&b, e);
	if (r < 0 && b.now && !ret->failed_first_line) {
		ret->failed_first_line = b.now->first_line;
		ret->failed_last_line = b.now->last_line;
	}
	if (r >= 0)
		keep_needed(&b);
	return r;
}
