/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/build/build.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "imagetool/build/internal.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "libutil/dir.h"
#include "libutil/log.h"
#include "libutil/parse.h"
#include "libutil/path.h"
#include "libutil/random.h"

/* ---- Before anything is done ---- */

/* The held signals, readable where somebody waits for something else as well. */
static int watch_signals(struct err *e)
{
	sigset_t held;
	int fd;

	if (sigprocmask(SIG_BLOCK, NULL, &held) < 0)
		return err_sys(e, "look at signals");
	fd = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, "watch signals") : fd;
}

static bool is_on(const struct build_values *v, const char *name)
{
	bool on = false;

	for (size_t i = 0; i < v->n_args; i++)
		if (streq(v->args[i].name, name))
			(void)parse_bool(v->args[i].value, &on);
	return on;
}

/* Given from outside: what the Dockerfile says itself comes too late for its own context. */
static bool has_epoch(const struct build_values *v)
{
	bool has = false;

	for (size_t i = 0; i < v->n_args; i++)
		if (streq(v->args[i].name, "SOURCE_DATE_EPOCH"))
			has = *v->args[i].value;
	return has;
}

static int read_options(struct build *b, struct err *e)
{
	const struct build_options *o = b->opts;
	char one[RANDOM_NAME_SIZE], two[RANDOM_NAME_SIZE];
	int r = build_values_read(o, &b->arena, &b->values, e);

	b->invocation = arena_printf(&b->arena, "%s%s", random_name(one), random_name(two));
	if (r >= 0)
		r = build_contexts_read(&o->contexts, &b->arena, &b->contexts, e);
	if (r >= 0)
		r = result_plan_make(&o->result, &b->plan, e);
	if (r >= 0)
		r = result_caches_parse(&o->cache_from, &o->cache_to, &b->caches, e);
	/* The older word for it. */
	if (r >= 0 && is_on(&b->values, "BUILDKIT_INLINE_CACHE") &&
	    !result_caches_are_inline(&b->caches))
		r = cache_specs_add_to(&b->caches.to, "type=inline", e);
	if (r >= 0)
		r = attest_plan_make(&o->attest, o->provenance, o->sbom, &b->attest, e);
	return r < 0 ? r : build_refuse(b, e);
}

static int prepare(struct build *b, struct err *e)
{
	const struct build_options *o = b->opts;
	int r = image_usage(read_options(b, e));

	if (r >= 0)
		r = b->signals = watch_signals(e);
	if (r >= 0)
		r = build_open_progress(b, e);
	if (r < 0)
		return r;
	b->place = (struct build_place){
		.keep_git_dir = is_on(&b->values, "BUILDKIT_CONTEXT_KEEP_GIT_DIR"),
		.mtime_commit = has_epoch(&b->values),
		.keys = { b->values.secrets, b->values.n_secrets, b->values.ssh, b->values.n_ssh },
		.store = b->store,
		.progress = b->progress,
		.cancelfd = b->signals
	};
	struct images_opts images = { .store = b->store,
				      .pull = o->pull == BUILD_PULL_ALWAYS,
				      .never = o->pull == BUILD_PULL_NEVER,
				      .registry = o->registry,
				      .quiet = true };

	images.registry.wakefd = b->signals;
	return images_new(&images, &b->images, e);
}

/* ---- Solve ---- */

static int solve_image(void *ctx, const struct vertex_image *want, const struct image **ret,
		       struct err *e)
{
	struct build *b = ctx;

	return images_get(b->images, want, ret, e);
}

static int open_context(struct build *b, const char *name, struct context **ret, struct err *e)
{
	struct build_context *c = *name ? build_contexts_find(&b->contexts, name) : NULL;

	if (!*name)
		return input_context(&b->input, &b->place, ret, e);
	if (!c || !c->dir)
		return err_set(e, EINVAL, "the build context '%s' has no files", name);
	return build_context_open(c, b->store, ret, e);
}

static size_t context_vertex(const struct graph *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].kind == VERTEX_CONTEXT && streq(g->items[i].u.context.name, name))
			return i;
	return NO_VERTEX;
}

/* The solver asks once for each. */
static int solve_context(void *ctx, const char *name, struct context **ret, struct err *e)
{
	struct build *b = ctx;
	size_t vertex = context_vertex(&b->graph, name);
	struct err mine = { 0 };
	int r;

	progress_vertex_begin(b->progress, vertex, NULL, NULL);
	r = open_context(b, name, ret, &mine);
	progress_vertex_end(b->progress, vertex, false, r < 0 ? &mine : NULL);
	return r < 0 ? err_take(e, &mine) : 0;
}

static bool has_runs(const struct graph *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].kind == VERTEX_RUN)
			return true;
	return false;
}

static int find_runtime(struct build *b, char **ret, struct err *e)
{
	/* Who runs nothing needs none. */
	if (!has_runs(&b->graph))
		return 0;
	return run_find_runtime(b->opts->runtime, ret, e);
}

static struct run_env make_run_env(const struct build *b, const char *runtime, const char *dir)
{
	const struct build_values *v = &b->values;

	return (struct run_env){
		.runtime = runtime,
		.options = &b->opts->run,
		.allow_insecure = v->allow_insecure,
		.allow_host = v->allow_host,
		.devices = &v->devices,
		.secrets = v->secrets,
		.n_secrets = v->n_secrets,
		.ssh = v->ssh,
		.n_ssh = v->n_ssh,
		.cni = v->cni,
		.cni_path = v->cni_path,
		.dir = dir,
		.cancelfd = b->signals,
	};
}

static void tell_vertices(struct build *b)
{
	for (size_t i = 0; i < b->graph.n; i++) {
		const struct vertex *v = &b->graph.items[i];

		progress_vertex_known(b->progress, i, v->digest, v->name, v->inputs, v->n_inputs);
	}
}

static void note_failure(struct build *b, const struct solve *s)
{
	size_t vertex = solve_failed(s);
	const struct instruction *origin;

	if (vertex == NO_VERTEX)
		return;
	origin = b->graph.items[vertex].origin;
	if (!origin)
		return;
	b->failed_first_line = origin->first_line;
	b->failed_last_line = origin->last_line;
}

static int solve_and_finish(struct build *b, const struct solve_opts *o, struct err *e)
{
	auto_(solve) struct solve *s = NULL;
	int r = solve_new(o, &b->graph, &s, e);

	if (r >= 0) {
		r = solve_run(s, e);
		if (r < 0)
			note_failure(b, s);
	}
	return r < 0 ? r : build_finish(b, s, e);
}

/* What can't be had is done without. */
static void warn_of_cache(void *ctx UNUSED, const struct err *why)
{
	log_warning("%s", why->msg);
}

static void open_caches(struct build *b)
{
	struct registry_opts registry = b->opts->registry;

	registry.wakefd = b->signals;
	result_caches_open(&b->caches, b->store,
			   b->graph.n_targets ? &b->graph.targets[0].platform : NULL, &registry,
			   warn_of_cache, NULL);
}

/* Caches hold layers, whatever the outputs want. */
static bool wants_layers(const struct build *b)
{
	return result_plan_wants_layers(&b->plan) || b->caches.to.n > 0;
}

static int carry_out(struct build *b, struct err *e)
{
	autofree char *runtime = NULL, *store = path_absolute(store_path(b->store)), *dir = NULL;
	struct run_env env;
	struct solve_opts o = {
		.store = b->store,
		.progress = b->progress,
		.calls = { .image = solve_image, .context = solve_context, .ctx = b },
		.run = &env,
		.run_salt = b->values.run_salt,
		.no_layers = !wants_layers(b),
		.compression = result_plan_compression(&b->plan),
		.jobs = b->opts->jobs,
	};
	int r = find_runtime(b, &runtime, e);

	if (r < 0)
		return r;
	dir = path_join(store, BUILD_DIR);
	r = dir_make_all_at(store_dirfd(b->store), BUILD_DIR, 0700, e);
	if (r < 0)
		return r;
	env = make_run_env(b, runtime, dir);
	/* What cannot be cleared now can be the next time. */
	if (runtime)
		(void)run_sweep(dir, runtime, NULL);
	open_caches(b);
	o.imports = b->caches.imports;
	o.n_imports = b->caches.n_imports;
	tell_vertices(b);
	return solve_and_finish(b, &o, e);
}

/* ---- All of it ---- */

static int run_stages(struct build *b, struct err *e)
{
	int r = build_read(b, e);

	if (r >= 0)
		r = build_make_graph(b, e);
	if (r >= 0)
		r = build_judge_findings(b, e);
	if (r >= 0)
		r = carry_out(b, e);
	return r;
}

static void build_done(struct build *b)
{
	progress_free(b->progress);
	images_free(b->images);
	input_done(&b->input);
	build_contexts_done(&b->contexts);
	build_values_done(&b->values);
	result_caches_done(&b->caches);
	attest_plan_done(&b->attest);
	result_plan_done(&b->plan);
	if (b->signals >= 0)
		(void)close(b->signals);
	arena_done(&b->arena);
}
AUTO_DEFINE_DONE(build, build_done)

int build(struct store *s, const struct build_options *o, struct err *e)
{
	auto_(build) struct build b = {
		.opts = o, .store = s, .signals = -1, .input = BUILD_INPUT_NONE
	};
	auto_(interrupt) struct interrupt held = { 0 };
	int r;

	(void)clock_gettime(CLOCK_REALTIME, &b.started);
	interrupt_hold(&held);
	r = prepare(&b, e);
	if (r < 0)
		return r;
	if (o->call != BUILD_CALL_BUILD)
		return build_answer(&b, e);
	r = run_stages(&b, e);
	progress_close(b.progress);
	build_print_warnings(&b);
	if (r < 0)
		build_print_place(&b);
	return r < 0 ? err_wrap(e, r, "failed to solve") : 0;
}
