/* SPDX-License-Identifier: Apache-2.0 */
/* From the input to the graph. */
#include <errno.h>
#include <string.h>

#include "imagetool/build/input_fetch.h"
#include "imagetool/build/internal.h"
#include "libutil/log.h"

/* ---- The Dockerfile ---- */

/* An argument of the build goes before the directive. */
static const char *or_given(const struct build *b, const char *name, const char *directive)
{
	const char *found = directive;

	for (size_t i = 0; i < b->values.n_args; i++)
		if (streq(b->values.args[i].name, name))
			found = b->values.args[i].value;
	return found;
}

static void note_lines(struct build *b, unsigned first, unsigned last)
{
	b->failed_first_line = first;
	b->failed_last_line = last;
}

static int parse(struct build *b, struct err *e)
{
	const char *syntax;
	int r = dockerfile_parse(b->input.text, b->input.len, &b->arena, &b->file, e);

	if (r < 0) {
		note_lines(b, b->file.failed_line, b->file.failed_line);
		return r;
	}
	b->checks.arena = &b->arena;
	r = check_configure(&b->checks, or_given(b, "BUILDKIT_DOCKERFILE_CHECK", b->file.check), e);
	if (r < 0) {
		note_lines(b, b->file.check_line, b->file.check_line);
		return r;
	}
	/* No front end is ever fetched: what is named may be anything. */
	syntax = or_given(b, "BUILDKIT_SYNTAX", b->file.syntax);
	if (syntax && *syntax)
		log_info("%s: syntax '%s': the language is built in, nothing is downloaded for it",
			 b->input.name, syntax);
	dockerfile_check(&b->checks, &b->file);
	return 0;
}

static int read_definition(struct build *b, struct err *e)
{
	static const char status[] = "transferring dockerfile:";
	autofree char *name = NULL;
	int r = input_open(&b->input, b->opts, &b->place, &b->arena, e);

	name = xasprintf("[internal] load build definition from %s",
			 b->input.name ? b->input.name : "Dockerfile");
	progress_vertex_begin(b->progress, b->definition, NULL, name);
	if (r < 0)
		return r;
	progress_status(b->progress, b->definition, status, (int64_t)b->input.len, 0);
	progress_status_end(b->progress, b->definition, status);
	r = parse(b, e);
	build_tell_findings(b);
	return r;
}

int build_read(struct build *b, struct err *e)
{
	struct err mine = { 0 };
	int r;

	b->definition = progress_new_vertex(b->progress);
	r = read_definition(b, &mine);
	progress_vertex_end(b->progress, b->definition, false, r < 0 ? &mine : NULL);
	return r < 0 ? err_take(e, &mine) : 0;
}

/* ---- What the graph asks ---- */

static int get_image(void *ctx, const struct vertex_image *want, struct graph_image *ret,
		     struct err *e)
{
	struct build *b = ctx;
	autofree char *name = xasprintf("[internal] load metadata for %s", want->reference);
	size_t vertex = progress_new_vertex(b->progress);
	const struct image *image = NULL;
	struct err mine = { 0 };
	int r;

	progress_vertex_begin(b->progress, vertex, NULL, name);
	r = images_get(b->images, want, &image, &mine);
	if (r >= 0 && !image->config)
		r = err_set(&mine, EINVAL, "'%s' is an artifact, not an image", want->reference);
	progress_vertex_end(b->progress, vertex, false, r < 0 ? &mine : NULL);
	if (r < 0)
		return err_take(e, &mine);
	*ret = (struct graph_image){ .config = image->config, .digest = image->selected->digest };
	return 0;
}

static int get_context(void *ctx, const char *name, struct graph_context *ret, struct err *e UNUSED)
{
	const struct build *b = ctx;
	const struct build_context *c = build_contexts_find(&b->contexts, name);

	*ret = c ? c->is : (struct graph_context){ .kind = GRAPH_CONTEXT_NONE };
	return 0;
}

static bool is_all(const struct ignore *ig)
{
	for (size_t i = 0; i < ig->n; i++)
		if (streq(ig->rules[i].text, "*") || streq(ig->rules[i].text, "**") ||
		    streq(ig->rules[i].text, "**/*"))
			return true;
	return false;
}

/* Where a '!' takes back something nobody can say what is left of a directory.  The root is no
 * file: only who leaves out all leaves it out. */
static bool is_ignored(void *ctx, const char *path)
{
	const struct build *b = ctx;
	const struct ignore *ig = &b->input.ignore;

	if (ig->has_keeps)
		return false;
	return streq(path, ".") || streq(path, "/") ? is_all(ig) : ignore_excludes(ig, path);
}

static int get_time(void *ctx, const struct vertex *v, int64_t *ret, struct err *e)
{
	struct build *b = ctx;
	struct input_time time = { 0 };
	int r = 0;

	if (v)
		r = input_fetch_time(v, &b->place, &time, e);
	else
		time = input_context_time(&b->input);
	if (r < 0)
		return r;
	if (!time.is_known)
		log_info("SOURCE_DATE_EPOCH: nothing says how old the source is: it is as if it "
			 "were not set");
	*ret = time.seconds;
	return time.is_known;
}

/* ---- The graph ---- */

static struct graph_options graph_opts(const struct build *b)
{
	const struct build_values *v = &b->values;
	struct graph_options o = {
		.target = b->opts->target,
		.build_args = v->args,
		.n_build_args = v->n_args,
		.labels = v->labels,
		.n_labels = v->n_labels,
		.platforms = v->platforms,
		.n_platforms = v->n_platforms,
		.no_cache = b->opts->no_cache,
		.no_cache_filter = (const char *const *)v->no_cache_filter.v,
		.n_no_cache_filter = v->no_cache_filter.n,
		.network = v->network,
		.run_salt = v->run_salt,
		.all_stages = b->opts->call == BUILD_CALL_CHECK && !b->opts->target,
	};

	platform_host(&o.build_platform);
	/* What is built here runs on any machine of the kind. */
	if (streq(o.build_platform.arch, "amd64"))
		o.build_platform.variant[0] = '\0';
	return o;
}

static int read_ignore(struct build *b, struct err *e)
{
	size_t vertex = progress_new_vertex(b->progress);
	struct err mine = { 0 };
	int r;

	progress_vertex_begin(b->progress, vertex, NULL, "[internal] load .dockerignore");
	r = input_ignore(&b->input, &b->arena, &mine);
	progress_vertex_end(b->progress, vertex, false, r < 0 ? &mine : NULL);
	return r < 0 ? err_take(e, &mine) : 0;
}

int build_make_graph(struct build *b, struct err *e)
{
	struct graph_calls calls = {
		.image = get_image,
		.context = get_context,
		.ignored = is_ignored,
		.source_time = get_time,
		.ctx = b,
	};
	struct graph_options *opts = arena_alloc(&b->arena, 1, sizeof(*opts));
	int r = read_ignore(b, e);

	*opts = graph_opts(b);
	b->graph_opts = opts;
	if (r >= 0)
		r = graph_build(&b->file, opts, &calls, &b->checks, &b->arena, &b->graph, e);
	build_tell_findings(b);
	if (r < 0)
		note_lines(b, b->graph.failed_first_line, b->graph.failed_last_line);
	return r;
}
