/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/graph/vertices.h"

#include <errno.h>

#include "imagetool/graph/graph.h"
#include "libutil/digest.h"

/* ---- Definitions ---- */

/* What a vertex is, as bytes: every text with its length in front, so that no two definitions are
 * the same bytes. */
struct definition {
	struct digest *hash;
	const struct vertices *graph;
};

static void put_number(const struct definition *d, uint64_t n)
{
	digest_update(d->hash, &n, sizeof(n));
}

static void put_bytes(const struct definition *d, const void *data, size_t len)
{
	put_number(d, len);
	digest_update(d->hash, data, len);
}

/* NULL is something else than "". */
static void put(const struct definition *d, const char *text)
{
	if (text)
		put_bytes(d, text, strlen(text));
	else
		put_number(d, UINT64_MAX);
}

static void put_list(const struct definition *d, const char *const *list, size_t n)
{
	put_number(d, n);
	for (size_t i = 0; i < n; i++)
		put(d, list[i]);
}

static void put_vertex(const struct definition *d, size_t vertex)
{
	put(d, vertex == NO_VERTEX ? NULL : d->graph->items[vertex].digest);
}

static void put_platform(const struct definition *d, const struct platform *p)
{
	put(d, p ? p->os : NULL);
	put(d, p ? p->arch : NULL);
	put(d, p ? p->variant : NULL);
}

static void define_image(const struct definition *d, const struct vertex *v)
{
	const struct vertex_image *i = &v->u.image;

	put(d, i->reference);
	put(d, i->digest);
	put(d, i->layout);
	put_platform(d, &i->platform);
}

static void define_context(const struct definition *d, const struct vertex *v)
{
	put(d, v->u.context.name);
}

static void define_http(const struct definition *d, const struct vertex *v)
{
	put(d, v->u.http.url);
	put(d, v->u.http.filename);
	put(d, v->u.http.checksum);
}

static void define_git(const struct definition *d, const struct vertex *v)
{
	const struct vertex_git *g = &v->u.git;

	put(d, g->url);
	put(d, g->ref);
	put(d, g->subdir);
	put(d, g->checksum);
	put_number(d, (uint64_t)g->mtime_commit << 3 | (uint64_t)g->keep_git_dir << 2 |
			      (uint64_t)g->submodules << 1 | (uint64_t)g->fetch_by_commit);
}

static void define_source(const struct definition *d, const struct files_source *s)
{
	put_vertex(d, s->from);
	put_list(d, s->paths, s->n_paths);
	put_number(d, (uint64_t)s->unpack << 1 | (uint64_t)s->plain);
	put(d, s->inline_name);
	if (s->inline_name)
		put_bytes(d, s->content, s->len);
}

static void define_files(const struct definition *d, const struct vertex *v)
{
	const struct vertex_files *f = &v->u.files;

	put_vertex(d, f->base);
	put_vertex(d, f->above);
	put_number(d, f->n_sources);
	for (size_t i = 0; i < f->n_sources; i++)
		define_source(d, &f->sources[i]);
	put(d, f->dest);
	put(d, f->chown);
	put(d, f->chmod);
	put_list(d, f->exclude, f->n_exclude);
	put_number(d, (uint64_t)f->dest_is_dir << 3 | (uint64_t)f->link << 2 |
			      (uint64_t)f->parents << 1 | (uint64_t)f->mkdir_only);
	/* A directory that nobody copied from anywhere has the time of the build. */
	if (f->mkdir_only)
		put(d, d->graph->epoch);
}

static void define_mount(const struct definition *d, const struct run_mount_at *at)
{
	const struct run_mount *m = &at->m;

	put_vertex(d, at->from);
	put(d, m->target);
	put(d, m->source);
	put(d, m->id);
	put(d, m->env);
	put_number(d, (uint64_t)m->type);
	put_number(d, (uint64_t)m->sharing);
	put_number(d, (uint64_t)m->read_only << 2 | (uint64_t)m->required << 1 |
			      (uint64_t)m->has_mode);
	put_number(d, m->mode);
	put_number(d, (uint64_t)m->uid << 32 | m->gid);
	put_number(d, (uint64_t)m->size);
}

/* What a device is of is not asked for, as in BuildKit: it may be another one on the next host. */
static void define_devices(const struct definition *d, const struct vertex_run *r)
{
	put_number(d, r->n_devices);
	for (size_t i = 0; i < r->n_devices; i++) {
		put(d, r->devices[i].name);
		put_number(d, r->devices[i].required);
	}
}

static void define_run(const struct definition *d, const struct vertex *v)
{
	const struct vertex_run *r = &v->u.run;

	put_vertex(d, r->base);
	put_list(d, r->args, r->n_args);
	put_list(d, r->env, r->n_env);
	put(d, r->cwd);
	put(d, r->user);
	put(d, r->hostname);
	put_number(d, r->n_mounts);
	for (size_t i = 0; i < r->n_mounts; i++)
		define_mount(d, &r->mounts[i]);
	put_number(d, (uint64_t)r->network << 1 | (uint64_t)r->insecure);
	define_devices(d, r);
	put(d, r->script_name);
	if (r->script_name)
		put_bytes(d, r->script, r->script_len);
	put(d, d->graph->run_salt);
	put_platform(d, v->platform);
}

typedef void define_fn(const struct definition *d, const struct vertex *v);

static define_fn *const definers[] = {
	[VERTEX_IMAGE] = define_image, [VERTEX_CONTEXT] = define_context,
	[VERTEX_HTTP] = define_http,   [VERTEX_GIT] = define_git,
	[VERTEX_FILES] = define_files, [VERTEX_RUN] = define_run,
};

static void name_by_definition(const struct vertices *g, struct vertex *v)
{
	auto_(digest) struct digest *hash = digest_new(DIGEST_SHA256);
	const struct definition d = { hash, g };
	char text[DIGEST_TEXT_SIZE];

	put_number(&d, (uint64_t)v->kind);
	definers[v->kind](&d, v);
	digest_final(hash, text);
	memcpy(v->digest, text, sizeof(v->digest) - 1);
}

/* ---- Inputs ---- */

struct inputs {
	size_t *items;
	size_t n;
};

static void add_input(struct inputs *in, size_t vertex)
{
	if (vertex == NO_VERTEX)
		return;
	for (size_t i = 0; i < in->n; i++)
		if (in->items[i] == vertex)
			return;
	in->items[in->n++] = vertex;
}

static void find_inputs(struct vertices *g, struct vertex *v)
{
	const struct vertex_files *f = &v->u.files;
	const struct vertex_run *r = &v->u.run;
	struct inputs in = { 0 };

	if (v->kind == VERTEX_FILES) {
		in.items = arena_alloc(g->arena, f->n_sources + 2, sizeof(*in.items));
		add_input(&in, f->base);
		add_input(&in, f->above);
		for (size_t i = 0; i < f->n_sources; i++)
			add_input(&in, f->sources[i].from);
	} else if (v->kind == VERTEX_RUN) {
		in.items = arena_alloc(g->arena, r->n_mounts + 1, sizeof(*in.items));
		add_input(&in, r->base);
		for (size_t i = 0; i < r->n_mounts; i++)
			add_input(&in, r->mounts[i].from);
	}
	v->inputs = in.items;
	v->n_inputs = in.n;
}

int vertices_add(struct vertices *g, const struct vertex *v, size_t *ret, struct err *e)
{
	struct vertex made = *v;
	ssize_t found;

	name_by_definition(g, &made);
	found = names_find(&g->by_digest, made.digest);
	if (found >= 0) {
		g->items[found].no_cache = g->items[found].no_cache || v->no_cache;
		*ret = (size_t)found;
		return 0;
	}
	if (g->n == GRAPH_VERTICES_MAX)
		return err_set(e, E2BIG, "the build has more than %zu steps", GRAPH_VERTICES_MAX);
	find_inputs(g, &made);
	if (g->n == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 32;
		g->items = arena_grow(g->arena, g->items, g->n, g->cap, sizeof(*g->items));
	}
	names_set(&g->by_digest, g->arena, arena_strdup(g->arena, made.digest), g->n);
	g->items[g->n] = made;
	*ret = g->n++;
	return 0;
}

/* ---- Only what is needed ---- */

static void mark_inputs(const struct vertices *g, bool *needed)
{
	for (size_t i = g->n; i-- > 0;)
		for (size_t k = 0; needed[i] && k < g->items[i].n_inputs; k++)
			needed[g->items[i].inputs[k]] = true;
}

static void renumber(size_t *vertex, const size_t *to)
{
	if (*vertex != NO_VERTEX)
		*vertex = to[*vertex];
}

static void renumber_inputs(struct arena *a, struct vertex *v, const size_t *to)
{
	size_t *inputs = arena_alloc(a, v->n_inputs + 1, sizeof(*inputs));

	for (size_t i = 0; i < v->n_inputs; i++)
		inputs[i] = to[v->inputs[i]];
	v->inputs = inputs;
	if (v->kind == VERTEX_FILES) {
		renumber(&v->u.files.base, to);
		renumber(&v->u.files.above, to);
		for (size_t i = 0; i < v->u.files.n_sources; i++)
			renumber(&v->u.files.sources[i].from, to);
	} else if (v->kind == VERTEX_RUN) {
		renumber(&v->u.run.base, to);
		for (size_t i = 0; i < v->u.run.n_mounts; i++)
			renumber(&v->u.run.mounts[i].from, to);
	}
}

void vertices_keep(struct vertices *g, size_t *const *wanted, size_t n)
{
	autofree bool *needed = xcalloc(g->n + 1, sizeof(*needed));
	autofree size_t *to = xcalloc(g->n + 1, sizeof(*to));
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (*wanted[i] != NO_VERTEX)
			needed[*wanted[i]] = true;
	mark_inputs(g, needed);
	for (size_t i = 0; i < g->n; i++) {
		if (!needed[i])
			continue;
		renumber_inputs(g->arena, &g->items[i], to);
		to[i] = kept;
		g->items[kept++] = g->items[i];
	}
	g->n = kept;
	for (size_t i = 0; i < n; i++)
		renumber(wanted[i], to);
}
