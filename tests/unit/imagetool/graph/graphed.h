/* SPDX-License-Identifier: Apache-2.0 */
/* Dockerfiles to graphs for tests: images and contexts that are only here, and a graph as text. */
#ifndef TESTS_UNIT_IMAGETOOL_GRAPH_GRAPHED_H
#define TESTS_UNIT_IMAGETOOL_GRAPH_GRAPHED_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/graph/graph.h"
#include "libutil/strbuf.h"

struct graphed {
	struct arena arena;
	struct dockerfile file;
	struct checks checks;
	struct graph graph;
	struct graph_options opts;
	struct strbuf images; /* what was asked for, " " behind each */
	struct strbuf ahead;
	struct strbuf times; /* whose were asked for */
	const char *ignored; /* a path that .dockerignore leaves out */
};

static void graphed_done(struct graphed *g)
{
	arena_done(&g->arena);
	strbuf_done(&g->images);
	strbuf_done(&g->ahead);
	strbuf_done(&g->times);
}
AUTO_DEFINE_DONE(graphed, graphed_done)

#define DIGEST_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* What "registries" have. */
static const struct {
	const char *name, *config;
} graphed_images[] = {
	{ "docker.io/library/base:latest",
	  "{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2020-01-01T00:00:00Z\","
	  "\"config\":{\"Env\":[\"PATH=/bin\",\"BASE=yes\"],\"Cmd\":[\"sh\"],\"WorkingDir\":\"/"
	  "home\",\"User\":\"u\"},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIGEST_A
	  "\"]},\"history\":[{\"created_by\":\"base\"}]}" },
	{ "docker.io/library/trigger:latest",
	  "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"OnBuild\":[\"COPY --from=lib /l "
	  "/l\",\"RUN install $X\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIGEST_A
	  "\"]}}" },
	{ "docker.io/library/shell:latest",
	  "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Shell\":[\"bash\",\"-c\"]},"
	  "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIGEST_A "\"]}}" },
	{ "docker.io/library/empty:latest",
	  "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}" },
};

static int graphed_image(void *ctx, const struct vertex_image *want, struct graph_image *ret,
			 struct err *e)
{
	struct graphed *g = ctx;
	struct image_config *config;
	char platform[PLATFORM_TEXT_SIZE];
	int r;

	strbuf_addf(&g->images, "%s@%s ", want->reference,
		    platform_text(&want->platform, platform));
	for (size_t i = 0; i < ARRAY_LEN(graphed_images); i++) {
		if (!streq(graphed_images[i].name, want->reference))
			continue;
		r = image_config_decode("config", graphed_images[i].config,
					strlen(graphed_images[i].config), &g->arena, &config, e);
		*ret = (struct graph_image){ .config = config, .digest = DIGEST_A };
		return r;
	}
	return err_set(e, ENOENT, "not found");
}

static void graphed_ahead(void *ctx, const struct vertex_image *want, size_t n)
{
	struct graphed *g = ctx;

	for (size_t i = 0; i < n; i++)
		strbuf_addf(&g->ahead, "%s ", want[i].reference);
}

static int graphed_context(void *ctx UNUSED, const char *name, struct graph_context *ret,
			   struct err *e UNUSED)
{
	static const struct {
		const char *name;
		struct graph_context is;
	} rows[] = {
		{ "files", { GRAPH_CONTEXT_FILES, NULL, NULL } },
		{ "other", { GRAPH_CONTEXT_IMAGE, "base", NULL } },
		{ "replaced", { GRAPH_CONTEXT_TARGET, "first", NULL } },
		{ "loop", { GRAPH_CONTEXT_TARGET, "last", NULL } },
		{ "repo", { GRAPH_CONTEXT_GIT, "https://example.com/x.git#main:sub", NULL } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (streq(rows[i].name, name))
			*ret = rows[i].is;
	return 0;
}

static bool graphed_ignored(void *ctx, const char *path)
{
	const struct graphed *g = ctx;

	return g->ignored && streq(g->ignored, path);
}

/* When the "sources" were made; what is not here has no time. */
static int graphed_time(void *ctx, const struct vertex *v, int64_t *ret, struct err *e UNUSED)
{
	struct graphed *g = ctx;
	const char *url = !v ? "" : v->kind == VERTEX_GIT ? v->u.git.url : v->u.http.url;
	static const struct {
		const char *url;
		int64_t time;
	} rows[] = {
		{ "", 1000 },
		{ "https://example.com/x.git", 2000 },
		{ "https://example.com/f.tar", 3000 },
	};

	if (v)
		strbuf_addf(&g->times, "%s\n", v->name);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		*ret = rows[i].time;
		if (streq(rows[i].url, url))
			return 1;
	}
	return 0;
}

static int graph_of(struct graphed *g, const char *text, struct err *e)
{
	const struct graph_calls calls = { graphed_image,   graphed_ahead, graphed_context,
					   graphed_ignored, graphed_time,  g };

	g->checks.arena = &g->arena;
	if (!*g->opts.build_platform.os)
		(void)platform_parse("linux/amd64", &g->opts.build_platform, NULL);
	if (dockerfile_parse(text, strlen(text), &g->arena, &g->file, e) < 0)
		fail_msg("%s", e->msg);
	return graph_build(&g->file, &g->opts, &calls, &g->checks, &g->arena, &g->graph, e);
}

static void must_graph(struct graphed *g, const char *text)
{
	struct err e = { 0 };

	if (graph_of(g, text, &e) < 0)
		fail_msg("%s", e.msg);
}

/* ---- As text ---- */

static void show_vertex_number(struct strbuf *out, const char *label, size_t v)
{
	if (v == NO_VERTEX)
		strbuf_addf(out, " %s=-", label);
	else
		strbuf_addf(out, " %s=%zu", label, v);
}

static void show_source(struct strbuf *out, const struct files_source *s)
{
	if (s->inline_name) {
		strbuf_addf(out, " <<%s:%.*s", s->inline_name, (int)s->len, s->content);
		return;
	}
	show_vertex_number(out, s->unpack ? "unpack" : "from", s->from);
	for (size_t i = 0; i < s->n_paths; i++)
		strbuf_addf(out, ",%s", s->paths[i]);
}

static void show_files(struct strbuf *out, const struct vertex_files *f)
{
	strbuf_adds(out, f->mkdir_only ? "mkdir" : "files");
	show_vertex_number(out, f->link ? "above" : "base", f->link ? f->above : f->base);
	for (size_t i = 0; i < f->n_sources; i++)
		show_source(out, &f->sources[i]);
	strbuf_addf(out, " to %s%s", f->dest, f->dest_is_dir && f->dest[1] ? "/" : "");
	if (f->chown)
		strbuf_addf(out, " chown=%s", f->chown);
	if (f->chmod)
		strbuf_addf(out, " chmod=%s", f->chmod);
	for (size_t i = 0; i < f->n_exclude; i++)
		strbuf_addf(out, " exclude=%s", f->exclude[i]);
	if (f->link)
		strbuf_adds(out, " link");
	if (f->parents)
		strbuf_adds(out, " parents");
}

static void show_mount(struct strbuf *out, const struct run_mount_at *at)
{
	static const char *const types[] = { "bind", "cache", "tmpfs", "secret", "ssh" };
	const struct run_mount *m = &at->m;

	strbuf_addf(out, " {%s", types[m->type]);
	if (at->from != NO_VERTEX)
		show_vertex_number(out, "from", at->from);
	strbuf_addf(out, " %s", m->target);
	if (*m->source && !streq(m->source, "/"))
		strbuf_addf(out, " source=%s", m->source);
	if (*m->id)
		strbuf_addf(out, " id=%s", m->id);
	strbuf_addf(out, "%s}", m->read_only ? " ro" : "");
}

static void show_run(struct strbuf *out, const struct vertex_run *r)
{
	static const char *const networks[] = { "", " network=none", " network=host" };

	strbuf_adds(out, "run");
	show_vertex_number(out, "base", r->base);
	for (size_t i = 0; i < r->n_args; i++)
		strbuf_addf(out, " '%s'", r->args[i]);
	strbuf_addf(out, " in %s", r->cwd);
	if (*r->user)
		strbuf_addf(out, " as %s", r->user);
	for (size_t i = 0; i < r->n_env; i++)
		if (!starts_with(r->env[i], "PATH="))
			strbuf_addf(out, " %s", r->env[i]);
	for (size_t i = 0; i < r->n_mounts; i++)
		show_mount(out, &r->mounts[i]);
	strbuf_adds(out, networks[r->network]);
	if (r->insecure)
		strbuf_adds(out, " insecure");
	if (r->script_name)
		strbuf_addf(out, " script %s:%s", r->script_name, r->script);
}

static void show_git(struct strbuf *out, const struct vertex_git *g)
{
	strbuf_addf(out, "git %s ref=%s subdir=%s", g->url, g->ref, g->subdir);
	if (g->checksum)
		strbuf_addf(out, " checksum=%s", g->checksum);
	strbuf_addf(out, "%s%s", g->keep_git_dir ? " keep" : "",
		    g->submodules ? "" : " no-submodules");
}

static void show_vertex(struct strbuf *out, const struct graphed *g, size_t i)
{
	const struct vertex *v = &g->graph.items[i];
	char platform[PLATFORM_TEXT_SIZE];

	strbuf_addf(out, "%zu ", i);
	switch (v->kind) {
	case VERTEX_IMAGE:
		strbuf_addf(out, "image %.*s %s", (int)strcspn(v->u.image.reference, "@"),
			    v->u.image.reference, platform_text(&v->u.image.platform, platform));
		break;
	case VERTEX_CONTEXT:
		strbuf_addf(out, "context '%s'", v->u.context.name);
		break;
	case VERTEX_HTTP:
		strbuf_addf(out, "http %s as %s", v->u.http.url, v->u.http.filename);
		break;
	case VERTEX_GIT:
		show_git(out, &v->u.git);
		break;
	case VERTEX_FILES:
		show_files(out, &v->u.files);
		break;
	case VERTEX_RUN:
		show_run(out, &v->u.run);
		break;
	}
	strbuf_adds(out, v->no_cache ? " no-cache\n" : "\n");
}

static UNUSED void assert_graph(struct graphed *g, const char *text, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };

	must_graph(g, text);
	for (size_t i = 0; i < g->graph.n; i++)
		show_vertex(&out, g, i);
	assert_string_equal(strbuf_str(&out), want);
}

static UNUSED void assert_names(struct graphed *g, const char *text, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };

	must_graph(g, text);
	for (size_t i = 0; i < g->graph.n; i++) {
		const char *name = g->graph.items[i].name;
		const char *at = strstr(name, "@sha256:");

		strbuf_addf(&out, "%.*s\n", (int)(at ? at - name : (ptrdiff_t)strlen(name)), name);
	}
	assert_string_equal(strbuf_str(&out), want);
}

static UNUSED void assert_history(struct graphed *g, const char *text, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };
	const struct graph_target *t;
	const struct image_history *h;

	must_graph(g, text);
	t = &g->graph.targets[0];
	h = t->config.history.items;
	for (size_t i = 0; i < t->config.history.n; i++)
		strbuf_addf(&out, "%s%s\n", h[i].created_by, h[i].empty_layer.v ? "" : " *");
	assert_string_equal(strbuf_str(&out), want);
}

static UNUSED void assert_findings(struct graphed *g, const char *text, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };

	must_graph(g, text);
	for (size_t i = 0; i < g->checks.n; i++)
		strbuf_addf(&out, "%u %s: %s\n", g->checks.items[i].first_line,
			    check_name(g->checks.items[i].rule), g->checks.items[i].message);
	assert_string_equal(strbuf_str(&out), want);
}

static UNUSED void assert_fails(struct graphed *g, const char *text, const char *want,
				unsigned line)
{
	struct err e = { 0 };

	assert_true(graph_of(g, text, &e) < 0);
	assert_string_equal(e.msg, want);
	assert_int_equal(g->graph.failed_first_line, line);
}

#endif
