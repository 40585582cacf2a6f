/* SPDX-License-Identifier: Apache-2.0 */
/* A Dockerfile and, behind a line "%%", the triggers of the image "onbuild": a graph for two
 * platforms, of which everything must hold that graph.h says. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/graph/graph.h"
#include "libutil/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fake {
	struct arena *arena;
	struct strv triggers;
};

static int image(void *ctx, const struct vertex_image *want, struct graph_image *ret, struct err *e)
{
	struct fake *f = ctx;
	struct image_config *c = arena_alloc(f->arena, 1, sizeof(*c));

	if (strstr(want->reference, "gone"))
		return err_set(e, ENOENT, "not found");
	c->os = want->platform.os;
	c->architecture = "amd64";
	c->config = arena_alloc(f->arena, 1, sizeof(*c->config));
	if (strstr(want->reference, "onbuild")) {
		c->config->on_build.items = (const char **)(void *)f->triggers.v;
		c->config->on_build.n = f->triggers.n;
	}
	c->rootfs = arena_alloc(f->arena, 1, sizeof(*c->rootfs));
	c->rootfs->diff_ids.n = strstr(want->reference, "empty") ? 0 : 1;
	*ret = (struct graph_image){ .config = c };
	return 0;
}

static int context(void *ctx UNUSED, const char *name, struct graph_context *ret,
		   struct err *e UNUSED)
{
	static const struct {
		const char *name;
		struct graph_context is;
	} rows[] = {
		{ "files", { GRAPH_CONTEXT_FILES, NULL, NULL } },
		{ "image", { GRAPH_CONTEXT_IMAGE, "base", NULL } },
		{ "layout", { GRAPH_CONTEXT_LAYOUT, "x", "/layout" } },
		{ "target", { GRAPH_CONTEXT_TARGET, "0", NULL } },
		{ "target1", { GRAPH_CONTEXT_TARGET, "1", NULL } },
		{ "git", { GRAPH_CONTEXT_GIT, "https://x.org/y.git#z", NULL } },
		{ "http", { GRAPH_CONTEXT_HTTP, "https://x.org/y", NULL } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (streq(rows[i].name, name))
			*ret = rows[i].is;
	return 0;
}

static bool ignored(void *ctx UNUSED, const char *path)
{
	return *path == 'x';
}

/* ---- What holds for every graph ---- */

static void check(bool holds)
{
	if (!holds)
		abort();
}

static int source_time(void *ctx UNUSED, const struct vertex *v, int64_t *ret, struct err *e UNUSED)
{
	check(!v || v->kind == VERTEX_GIT || v->kind == VERTEX_HTTP);
	if (v)
		check(v->kind == VERTEX_GIT ? *v->u.git.url != 0 : *v->u.http.filename != 0);
	*ret = 7;
	return v && v->kind == VERTEX_HTTP;
}

static void check_below(size_t input, size_t vertex)
{
	check(input == NO_VERTEX || input < vertex);
}

static void check_files(const struct vertex_files *f, size_t at)
{
	check(f->dest[0] == '/' && !strstr(f->dest, "/../"));
	check(!f->link || f->base == NO_VERTEX);
	check_below(f->base, at);
	check_below(f->above, at);
	for (size_t i = 0; i < f->n_sources; i++) {
		const struct files_source *s = &f->sources[i];

		check_below(s->from, at);
		check(s->inline_name ? strlen(s->content) == s->len : s->n_paths > 0);
		for (size_t n = 0; !f->parents && n < s->n_paths; n++)
			check(s->paths[n][0] == '/');
	}
}

static void check_run(const struct vertex_run *r, size_t at)
{
	check_below(r->base, at);
	check(r->n_args > 0 && !r->args[r->n_args] && !r->env[r->n_env]);
	check(r->cwd[0] == '/' && r->user);
	for (size_t i = 0; i < r->n_mounts; i++) {
		check_below(r->mounts[i].from, at);
		check(r->mounts[i].m.type >= RUN_MOUNT_SECRET || r->mounts[i].m.target[0] == '/');
	}
}

static void check_vertex(const struct graph *g, size_t i)
{
	const struct vertex *v = &g->items[i];

	check(v->name && v->stage && v->platform && strlen(v->digest) == 71);
	for (size_t n = 0; n < v->n_inputs; n++)
		check(v->inputs[n] < i);
	if (v->kind == VERTEX_FILES)
		check_files(&v->u.files, i);
	if (v->kind == VERTEX_RUN)
		check_run(&v->u.run, i);
	if (v->kind == VERTEX_HTTP)
		check(!strchr(v->u.http.filename, '/') && !streq(v->u.http.filename, ".."));
}

static void check_target(const struct graph *g, const struct graph_target *t)
{
	check(t->vertex == NO_VERTEX ? t->n_layers == 0 : t->layers[t->n_layers - 1] == t->vertex);
	for (size_t i = 0; i < t->n_layers; i++)
		check(t->layers[i] < g->n && (i == 0 || t->layers[i - 1] < t->layers[i]));
	for (size_t i = 0; i < t->config.history.n; i++)
		check(t->history_vertex[i] == NO_VERTEX || t->history_vertex[i] < g->n);
}

static void build(struct fake *f, const char *text, size_t len)
{
	struct platform platforms[2];
	struct graph_options opts = { .platforms = platforms, .n_platforms = 2 };
	const struct graph_calls calls = { image, NULL, context, ignored, source_time, f };
	struct checks checks = { .arena = f->arena };
	struct dockerfile file;
	struct graph g;
	struct err e = { 0 };

	(void)platform_parse("linux/amd64", &platforms[0], NULL);
	(void)platform_parse("linux/arm64", &platforms[1], NULL);
	opts.build_platform = platforms[0];
	if (dockerfile_parse(text, len, f->arena, &file, NULL) < 0)
		return;
	dockerfile_check(&checks, &file);
	if (graph_build(&file, &opts, &calls, &checks, f->arena, &g, &e) < 0) {
		check(e.code != 0);
		return;
	}
	check(g.n_targets == 2);
	for (size_t i = 0; i < g.n; i++)
		check_vertex(&g, i);
	for (size_t i = 0; i < g.n_targets; i++)
		check_target(&g, &g.targets[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	struct fake f = { .arena = &a };
	autofree char *text = xstrndup((const char *)data, size);
	char *triggers = strstr(text, "\n%%\n");

	if (triggers) {
		*triggers = '\0';
		strv_split(&f.triggers, triggers + 4, '\n', true);
	}
	build(&f, text, strlen(text));
	strv_done(&f.triggers);
	return 0;
}
