/* SPDX-License-Identifier: Apache-2.0 */
/* What was solved becomes images, files and whatever --output says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "imagetool/archive/oci_manifest.h"
#include "imagetool/build/internal.h"
#include "imagetool/result/result.h"
#include "libutil/fd.h"

/* ---- From the solver's words to the result's ---- */

static void take_layers(const struct solve_result *from, struct arena *a, struct result_image *to)
{
	struct result_layer *layers = arena_alloc(a, from->n_layers + 1, sizeof(*layers));

	for (size_t i = 0; i < from->n_layers; i++) {
		const struct solve_layer *l = &from->layers[i];

		layers[i].diff_id = l->diff_id;
		layers[i].created.tv_sec = (time_t)l->created;
		if (l->base) {
			layers[i].desc = *l->base;
			continue;
		}
		layers[i].desc.media_type = arena_strdup(a, oci_layer_type_of(l->kind));
		layers[i].desc.digest = arena_strdup(a, l->digest);
		layers[i].desc.size = (struct opt_i64){ .set = true, .v = l->size };
	}
	to->layers = layers;
	to->n_layers = from->n_layers;
	to->n_base = from->n_base;
}

static bool made_layer(const struct solve_result *r, size_t vertex)
{
	for (size_t i = r->n_base; i < r->n_layers; i++)
		if (r->layers[i].vertex == vertex)
			return true;
	return false;
}

/* A step that changed nothing made no layer, whatever its instruction promised. */
static void take_history(const struct graph_target *t, const struct solve_result *r,
			 struct arena *a, struct result_image *to)
{
	const struct image_history *history = t->config.history.items;
	size_t n = t->config.history.n;
	unsigned char *has = arena_alloc(a, n + 1, 1);

	for (size_t i = 0; i < n; i++)
		has[i] = t->history_vertex[i] == NO_VERTEX ? !history[i].empty_layer.v
							   : made_layer(r, t->history_vertex[i]);
	to->history_layer = has;
}

static void take_image(struct build *b, struct solve *s, size_t i, struct result_image *ret)
{
	const struct graph_target *t = &b->graph.targets[i];
	const struct solve_result *r =
		result_plan_wants_layers(&b->plan) ? solve_result(s, i) : NULL;

	ret->platform = t->platform;
	ret->config = &t->config;
	if (!r)
		return;
	take_layers(r, &b->arena, ret);
	take_history(t, r, &b->arena, ret);
}

/* ---- What the result asks ---- */

struct finishing {
	struct build *build;
	struct solve *solve;
	size_t vertex;
	char *what; /* being done now; owned */
};

static int get_root(void *ctx, size_t image, struct err *e)
{
	const struct finishing *f = ctx;
	int fd = solve_mount(f->solve, f->build->graph.targets[image].vertex, e);

	if (fd < 0)
		return fd;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? err_sys(e, "open the result's root") : fd;
}

static void end_telling(struct finishing *f)
{
	if (f->what)
		progress_status_end(f->build->progress, f->vertex, f->what);
	free(f->what);
	f->what = NULL;
}

static void tell(void *ctx, const char *what)
{
	struct finishing *f = ctx;

	end_telling(f);
	f->what = xstrdup(what);
	progress_status(f->build->progress, f->vertex, what, 0, 0);
}

/* ---- All of it ---- */

static const char *vertex_name(const struct result_plan *p)
{
	static const char *const names[] = {
		[OUTPUT_LOCAL] = "exporting to client directory",
		[OUTPUT_TAR] = "exporting to client tarball",
		[OUTPUT_OCI] = "exporting to oci image format",
		[OUTPUT_DOCKER] = "exporting to docker image format",
		[OUTPUT_IMAGE] = "exporting to image",
		[OUTPUT_REGISTRY] = "exporting to image",
		[OUTPUT_CACHE_ONLY] = "exporting nothing",
	};

	return names[p->outputs.items[0].kind];
}

/* With --quiet, as docker does.  What went to standard output stays alone there. */
static void print_id(const struct build *b, const struct result_made *made)
{
	const char *id = made->config[0] ? made->config : made->digest;

	for (size_t i = 0; i < b->plan.outputs.n; i++)
		if (b->plan.outputs.items[i].dest && streq(b->plan.outputs.items[i].dest, "-"))
			return;
	if (b->opts->quiet && *id)
		(void)printf("%s\n", id);
}

int build_finish(struct build *b, struct solve *s, struct err *e)
{
	struct finishing f = { .build = b, .solve = s, .vertex = progress_new_vertex(b->progress) };
	struct result_calls calls = { .ctx = &f, .root = get_root, .tell = tell };
	struct result_image *images = arena_alloc(&b->arena, b->graph.n_targets, sizeof(*images));
	struct result_input in = {
		.store = b->store,
		.images = images,
		.n = b->graph.n_targets,
		.index = b->graph.multi_platform,
		.has_epoch = b->graph.has_epoch,
		.epoch = b->graph.epoch,
		.plan = &b->plan,
		.registry = &b->opts->registry,
		.calls = &calls,
	};
	struct result_made made = { .digest = "" };
	struct err mine = { 0 };
	int r;

	for (size_t i = 0; i < in.n; i++)
		take_image(b, s, i, &images[i]);
	progress_vertex_begin(b->progress, f.vertex, NULL, vertex_name(&b->plan));
	r = result_write(&in, &made, &mine);
	if (r >= 0)
		end_telling(&f);
	free(f.what);
	progress_vertex_end(b->progress, f.vertex, false, r < 0 ? &mine : NULL);
	if (r < 0)
		return err_take(e, &mine);
	print_id(b, &made);
	return 0;
}
