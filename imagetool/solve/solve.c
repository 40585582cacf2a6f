/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/solve/solve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/mount/overlay.h"
#include "imagetool/progress/progress.h"
#include "imagetool/solve/internal.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/path.h"

/* ---- Open and close ---- */

static struct build_layer like_of(const struct solve_opts *o)
{
	return (struct build_layer){ .kind = o->compression.kind,
				     .level = o->compression.level,
				     .has_latest = o->has_latest,
				     .latest = o->latest };
}

int solve_new(const struct solve_opts *opts, const struct graph *g, struct solve **ret,
	      struct err *e)
{
	auto_(solve) struct solve *s = xcalloc(1, sizeof(*s));
	autofree char *dir = NULL;
	int r;

	s->opts = opts;
	s->graph = g;
	s->steps = opts->steps ? opts->steps : &solve_steps_real;
	s->scratch.fd = s->emptyfd = s->cancelfd = -1;
	s->failed = NO_VERTEX;
	s->like = like_of(opts);
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_mutex_init(&s->context_lock, NULL);
	(void)pthread_mutex_init(&s->layer_lock, NULL);
	s->nodes = xcalloc(g->n + 1, sizeof(*s->nodes));
	for (size_t i = 0; i < g->n; i++)
		s->nodes[i] = (struct task){ .v = &g->items[i], .index = i, .treefd = -1 };
	s->results = xcalloc(g->n_targets + 1, sizeof(*s->results));
	dir = path_join(store_path(opts->store), BUILD_DIR);
	s->build_dir = path_absolute(dir);
	r = snapshots_open(opts->store, SNAPSHOTS_DIR_FORM, &s->snaps, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&s);
	return 0;
}

static void task_done(struct task *n)
{
	build_record_done(&n->rec);
	snapshot_stack_done(&n->stack);
	free(n->note);
	free(n->identity);
	close_at_exit(&n->treefd);
}

void solve_free(struct solve *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->graph->n; i++)
		task_done(&s->nodes[i]);
	for (size_t i = 0; i < s->graph->n_targets; i++)
		free((void *)(uintptr_t)s->results[i].layers);
	close_at_exit(&s->emptyfd);
	tree_scratch_done(s);
	snapshots_free(s->snaps);
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_mutex_destroy(&s->context_lock);
	(void)pthread_mutex_destroy(&s->layer_lock);
	free(s->nodes);
	free(s->results);
	free(s->build_dir);
	free(s);
}

/* ---- Jobs ---- */

int solve_busy(struct solve *s, struct sched_turn *t, struct err *e)
{
	int r = sched_busy(t, e);

	/* Always the same one, from the first busy job on. */
	__atomic_store_n(&s->cancelfd, sched_cancelfd(t), __ATOMIC_RELAXED);
	return r;
}

static int run_stage(struct solve *s, struct task *n, enum stage_of_vertex stage,
		     struct sched_turn *t, struct err *e)
{
	switch (stage) {
	case STAGE_FIND:
		return solve_find(s, n, t, e);
	case STAGE_MAKE:
		return solve_make(s, n, t, e);
	case STAGE_PACK:
		return solve_pack_job(s, n, t, e);
	case STAGE_COUNT:
		break;
	}
	return err_set(e, EINVAL, "no such job");
}

static int run_job(void *ctx, size_t job, struct sched_turn *t, struct err *e)
{
	struct solve *s = ctx;
	struct task *n = &s->nodes[job / STAGE_COUNT];
	enum stage_of_vertex stage = job % STAGE_COUNT;
	int r;

	if (n->done[stage])
		return SCHED_DONE;
	r = run_stage(s, n, stage, t, e);
	n->done[stage] = r == SCHED_DONE;
	return r;
}

/* Mounts are descriptors, attached nowhere: they end with this process, however it ends. */
static int check_rights(void *ctx UNUSED, struct err *e)
{
	return overlay_may_mount(e);
}

static size_t n_roots_of(const struct solve *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->graph->n_targets; i++)
		n += s->graph->targets[i].n_layers + 1;
	return n;
}

/* Layers of images, or the trees alone. */
static size_t list_roots(const struct solve *s, size_t *roots)
{
	size_t n = 0;

	for (size_t i = 0; i < s->graph->n_targets; i++) {
		const struct graph_target *t = &s->graph->targets[i];

		for (size_t k = 0; k < t->n_layers && !s->opts->no_layers; k++) {
			bool image = s->nodes[t->layers[k]].v->kind == VERTEX_IMAGE;

			roots[n++] = job_of(t->layers[k], image ? STAGE_FIND : STAGE_PACK);
		}
		if (s->opts->no_layers && t->vertex != NO_VERTEX)
			roots[n++] = job_of(t->vertex, STAGE_MAKE);
	}
	return n;
}

static int run_jobs(struct solve *s, const size_t *roots, size_t n, struct err *e)
{
	const struct sched_opts opts = { .n_jobs = STAGE_COUNT * s->graph->n,
					 .threads = s->opts->jobs,
					 .run = run_job,
					 .before_threads = check_rights,
					 .ctx = s };
	size_t failed = SIZE_MAX;
	int r = sched_run(&opts, roots, n, &failed, e);

	s->cancelfd = -1;
	if (failed != SIZE_MAX)
		s->failed = failed / STAGE_COUNT;
	return r;
}

/* ---- Results ---- */

static void add_base(const struct image *image, struct solve_layer *to)
{
	const struct image_descriptor *layers = image->manifest->layers.items;

	for (size_t i = 0; i < image->manifest->layers.n; i++) {
		struct solve_layer *l = &to[i];

		*l = (struct solve_layer){ .vertex = NO_VERTEX, .base = &layers[i] };
		(void)media_type_parse(layers[i].media_type, &l->kind, NULL);
		(void)snprintf(l->digest, sizeof(l->digest), "%s", layers[i].digest);
		(void)snprintf(l->diff_id, sizeof(l->diff_id), "%s",
			       image->config->rootfs->diff_ids.items[i]);
		l->size = layers[i].size.v;
	}
}

static void add_own(const struct task *n, struct solve_layer *l)
{
	*l = (struct solve_layer){ .vertex = n->index,
				   .kind = n->layer.kind,
				   .size = n->layer.size,
				   .created = n->rec.created };
	memcpy(l->diff_id, n->layer.diff_id, sizeof(l->diff_id));
	memcpy(l->digest, n->layer.digest, sizeof(l->digest));
}

static void make_result(struct solve *s, size_t target)
{
	const struct graph_target *t = &s->graph->targets[target];
	struct solve_result *r = &s->results[target];
	const struct image *base = t->n_layers ? s->nodes[t->layers[0]].image : NULL;
	size_t n_base = base ? base->manifest->layers.n : 0, own = base ? 1 : 0;
	struct solve_layer *layers = xcalloc(n_base + t->n_layers + 1, sizeof(*layers));

	if (base)
		add_base(base, layers);
	r->n_layers = n_base;
	for (size_t k = own; k < t->n_layers; k++)
		add_own(&s->nodes[t->layers[k]], &layers[r->n_layers++]);
	r->base = base;
	r->n_base = n_base;
	r->layers = layers;
}

/* ---- Snapshots of packed layers ---- */

static void adopt_all(struct solve *s, const struct solve_result *r)
{
	char chain[DIGEST_TEXT_SIZE] = "";

	for (size_t i = 0; i < r->n_layers; i++) {
		const struct solve_layer *l = &r->layers[i];

		snapshot_chain_id(chain, l->diff_id);
		if (l->vertex != NO_VERTEX)
			solve_adopt(s, &s->nodes[l->vertex], chain);
	}
}

/* Before the others: their lines come first. */
static void tell_found(struct solve *s)
{
	for (size_t i = 0; i < s->graph->n; i++) {
		struct task *n = &s->nodes[i];

		if (!n->keyed || n->told || n->v->kind == VERTEX_CONTEXT ||
		    !(n->found || n->v->kind == VERTEX_IMAGE))
			continue;
		n->told = true;
		if (n->v->kind == VERTEX_FILES || n->v->kind == VERTEX_RUN)
			progress_vertex_end(s->opts->progress, i, true, NULL);
	}
}

/* What was read of files need not be read by the next build, however this one ends. */
static void save_contexts(struct solve *s)
{
	for (size_t i = 0; i < s->graph->n; i++)
		if (s->nodes[i].context)
			(void)context_save(s->nodes[i].context, NULL);
}

int solve_run(struct solve *s, struct err *e)
{
	autofree size_t *roots = xcalloc(n_roots_of(s) + 1, sizeof(*roots));
	int r = run_jobs(s, roots, list_roots(s, roots), e);

	save_contexts(s);
	if (r < 0)
		return r;
	tell_found(s);
	for (size_t i = 0; i < s->graph->n_targets && !s->opts->no_layers; i++) {
		make_result(s, i);
		/* Times were cut: its files are not those of the layer. */
		if (!s->opts->has_latest)
			adopt_all(s, &s->results[i]);
	}
	return 0;
}

size_t solve_failed(const struct solve *s)
{
	return s->failed;
}

const struct solve_result *solve_result(const struct solve *s, size_t target)
{
	return &s->results[target];
}

/* ---- Afterwards ---- */

int solve_mount(struct solve *s, size_t vertex, struct err *e)
{
	size_t root;
	int r;

	if (vertex == NO_VERTEX)
		return tree_open_empty(s, e);
	root = job_of(vertex, STAGE_MAKE);
	r = run_jobs(s, &root, 1, e);
	if (r >= 0)
		r = overlay_may_mount(e);
	return r < 0 ? r : tree_open(s, vertex, e);
}

bool solve_known(const struct solve *s, size_t vertex, struct solve_known *ret)
{
	const struct task *n = &s->nodes[vertex];

	if (!n->keyed || !n->key[0])
		return false;
	*ret = (struct solve_known){ vertex, n->key, n->def_key, &n->rec };
	return true;
}

const char *solve_identity(const struct solve *s, size_t vertex)
{
	return s->nodes[vertex].identity;
}

int solve_pack(struct solve *s, size_t vertex, struct solve_layer *ret, struct err *e)
{
	size_t root = job_of(vertex, STAGE_PACK);
	int r = run_jobs(s, &root, 1, e);

	if (r >= 0)
		add_own(&s->nodes[vertex], ret);
	return r;
}
