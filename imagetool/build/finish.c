/* SPDX-License-Identifier: Apache-2.0 */
/* What was solved becomes images, files and whatever --output says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "imagetool/build/internal.h"
#include "imagetool/result/state.h"
#include "libutil/fd.h"
#include "libutil/log.h"

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

static int attest(void *ctx, size_t image, struct arena *a, struct result_statements *ret,
		  struct err *e)
{
	const struct finishing *f = ctx;

	return build_attest(f->build, f->solve, image, a, ret, e);
}

/* ---- Caches ---- */

static void warn_of_cache(void *ctx UNUSED, const struct err *why)
{
	log_warning("%s", why->msg);
}

static int take_images(struct build *b, struct solve *s, struct result_image *images, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < b->graph.n_targets && r >= 0; i++) {
		result_image_of(s, &b->graph, i, &b->arena, &images[i]);
		r = result_caches_set_inline(&b->caches, s, &b->graph, &b->arena, &images[i], e);
	}
	return r;
}

static int export_caches(struct build *b, struct solve *s, struct err *e)
{
	size_t vertex;
	struct err mine = { 0 };
	int r;

	if (b->caches.to.n == (size_t)result_caches_are_inline(&b->caches))
		return 0;
	vertex = progress_new_vertex(b->progress);
	progress_vertex_begin(b->progress, vertex, NULL, "exporting cache");
	r = result_caches_export(&b->caches, b->store, s, &b->graph, &b->opts->registry,
				 warn_of_cache, NULL, &mine);
	progress_vertex_end(b->progress, vertex, false, r < 0 ? &mine : NULL);
	return r < 0 ? err_take(e, &mine) : 0;
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
	struct result_calls calls = { .ctx = &f, .root = get_root, .tell = tell, .attest = attest };
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
	int r = take_images(b, s, images, e);

	if (r < 0)
		return r;
	progress_vertex_begin(b->progress, f.vertex, NULL, vertex_name(&b->plan));
	r = result_write(&in, &made, &mine);
	if (r >= 0)
		end_telling(&f);
	free(f.what);
	progress_vertex_end(b->progress, f.vertex, false, r < 0 ? &mine : NULL);
	if (r < 0)
		return err_take(e, &mine);
	r = export_caches(b, s, e);
	if (r >= 0)
		print_id(b, &made);
	return r;
}
