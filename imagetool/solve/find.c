/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys, and records found by them.
 *
 * A vertex that takes files from another one's tree has two: by definition, for which nothing need
 * be there, and by the content it takes, which makes a stage that was built again no news when its
 * files are the same.  The first leads to the second by a record that only points there; what is
 * built on it counts the second.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "imagetool/progress/progress.h"
#include "imagetool/solve/define.h"
#include "imagetool/solve/internal.h"
#include "libutil/alloc.h"
#include "libutil/ids.h"

/* ---- What a vertex takes from others ---- */

enum taken { TAKEN_NOTHING, TAKEN_BY_KEY, TAKEN_BY_CONTENT };

/* What a mount shows for reading only is its content; one that can be written to may be anything.
 */
static enum taken taken_by(const struct solve *s, const struct vertex *v, size_t i,
			   size_t *ret_from)
{
	bool readable = true;

	if (v->kind == VERTEX_FILES) {
		*ret_from = v->u.files.sources[i].from;
	} else {
		const struct run_mount_at *at = &v->u.run.mounts[i];

		*ret_from = at->from;
		if (at->m.type != RUN_MOUNT_BIND && at->m.type != RUN_MOUNT_CACHE)
			return TAKEN_NOTHING;
		readable = at->m.type == RUN_MOUNT_BIND && at->m.read_only;
	}
	if (*ret_from == NO_VERTEX)
		return TAKEN_NOTHING;
	switch (s->nodes[*ret_from].v->kind) {
	case VERTEX_CONTEXT:
		return TAKEN_BY_CONTENT;
	case VERTEX_HTTP:
	case VERTEX_GIT:
		return TAKEN_BY_KEY;
	case VERTEX_IMAGE:
	case VERTEX_FILES:
	case VERTEX_RUN:
		break;
	}
	return readable ? TAKEN_BY_CONTENT : TAKEN_BY_KEY;
}

static size_t n_taken(const struct vertex *v)
{
	return v->kind == VERTEX_FILES ? v->u.files.n_sources
	       : v->kind == VERTEX_RUN ? v->u.run.n_mounts
				       : 0;
}

static bool is_context(const struct solve *s, size_t vertex)
{
	return s->nodes[vertex].v->kind == VERTEX_CONTEXT;
}

static int add_content(struct solve *s, struct task *n, size_t i, size_t from, struct defining *g,
		       struct err *e)
{
	const struct vertex *v = n->v;
	uint8_t hash[CONTEXT_HASH_SIZE];
	struct step_tree tree;
	bool locked = is_context(s, from);
	int r = tree_for_step(s, from, &tree, e);

	if (r < 0)
		return r;
	if (locked)
		(void)pthread_mutex_lock(&s->context_lock);
	r = v->kind == VERTEX_FILES
		    ? s->steps->files_hash(&v->u.files, i, &tree, hash, e)
		    : s->steps->path_hash(&tree, v->u.run.mounts[i].m.source, hash, e);
	if (locked)
		(void)pthread_mutex_unlock(&s->context_lock);
	if (r >= 0)
		defining_bytes(g, "content", hash, sizeof(hash));
	return r;
}

/* ---- Keys ---- */

/* The layer of --link is one thing wherever it lies; what lies on it sees all that is below. */
static void set_base_key(const struct solve *s, struct task *n)
{
	const struct vertex_files *f = n->v->kind == VERTEX_FILES ? &n->v->u.files : NULL;
	struct defining g;

	memcpy(n->base_key, n->key, sizeof(n->base_key));
	if (!f || !f->link)
		return;
	defining_begin(&g, "linked");
	defining_text(&g, "below", f->above == NO_VERTEX ? NULL : s->nodes[f->above].base_key);
	defining_text(&g, "layer", n->key);
	defining_end(&g, n->base_key);
}

/* Names are looked up in the tree below. */
static bool needs_users(const struct vertex_files *f)
{
	return f->link && f->chown && f->chown[strspn(f->chown, "0123456789:")];
}

static size_t base_in_key(const struct vertex *v)
{
	if (v->kind == VERTEX_RUN)
		return v->u.run.base;
	if (!v->u.files.link)
		return v->u.files.base;
	return needs_users(&v->u.files) ? v->u.files.above : NO_VERTEX;
}

static int make_key(struct solve *s, struct task *n, bool by_content, char ret[BUILD_KEY_SIZE],
		    struct err *e)
{
	size_t base = base_in_key(n->v), from;
	char text[BUILD_KEY_SIZE] = "";
	struct defining g;
	int r = 0;

	defining_begin(&g, by_content ? "by content" : "by definition");
	define_vertex(n->v, s->opts->run_salt, text);
	defining_text(&g, "vertex", text);
	defining_text(&g, "base", base == NO_VERTEX ? NULL : s->nodes[base].base_key);
	for (size_t i = 0; i < n_taken(n->v) && r >= 0; i++) {
		enum taken how = taken_by(s, n->v, i, &from);

		if (how == TAKEN_NOTHING)
			continue;
		if (how == TAKEN_BY_CONTENT && (by_content || is_context(s, from))) {
			r = add_content(s, n, i, from, &g, e);
			continue;
		}
		defining_text(&g, "input", s->nodes[from].base_key);
	}
	defining_end(&g, text);
	if (r >= 0)
		memcpy(ret, text, sizeof(text));
	return r;
}

/* Does it take content of a tree that has to be made for that? */
static bool takes_from_trees(const struct solve *s, const struct vertex *v)
{
	size_t from;

	for (size_t i = 0; i < n_taken(v); i++)
		if (taken_by(s, v, i, &from) == TAKEN_BY_CONTENT && !is_context(s, from))
			return true;
	return false;
}

static bool want_trees(const struct solve *s, const struct vertex *v, struct sched_turn *t)
{
	bool done = true;
	size_t from;

	for (size_t i = 0; i < n_taken(v); i++)
		if (taken_by(s, v, i, &from) == TAKEN_BY_CONTENT && !is_context(s, from))
			done &= sched_want(t, job_of(from, STAGE_MAKE));
	return done;
}

/* Done again whatever is known: what is built on it shall not be found by what it was before. */
static int make_new_key(struct task *n, struct err *e)
{
	char nonce[BUILD_KEY_SIZE];
	struct defining g;
	int r = id_random(nonce, BUILD_KEY_SIZE - 1, e);

	if (r < 0)
		return r;
	defining_begin(&g, "anew");
	defining_text(&g, "key", n->def_key);
	defining_text(&g, "nonce", nonce);
	defining_end(&g, n->key);
	return 0;
}

/* ---- Records ---- */

static bool has_layer(const struct solve *s, const struct build_record *rec)
{
	for (size_t i = 0; i < rec->n_layers; i++)
		if (blob_exists(s->opts->store, rec->layers[i].digest, rec->layers[i].size))
			return true;
	return false;
}

static bool has_snapshot(const struct solve *s, const struct build_record *rec)
{
	struct snapshot_lower lower = { 0 };

	if (!rec->snapshot || !rec->snapshot[0])
		return rec->snapshot != NULL;
	if (built_open(s->snaps, rec->snapshot, &lower, NULL) < 0)
		return false;
	free(lower.key);
	free(lower.path);
	return true;
}

/* 1: one of them has it, and its layers are here now.  What can't be brought is not there. */
static int ask_imports(struct solve *s, const char *key, struct build_record *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s->opts->n_imports && r == 0; i++) {
		const struct solve_import *from = &s->opts->imports[i];
		bool here = true;

		r = from->find(from->ctx, key, ret, e);
		for (size_t k = 0; r > 0 && k < ret->n_layers && here; k++)
			here = from->fetch(from->ctx, &ret->layers[k], NULL) >= 0;
		if (r > 0 && !here) {
			build_record_done(ret);
			*ret = (struct build_record){ 0 };
			r = 0;
		}
	}
	return r;
}

/* So that the next build needs nobody. */
static int keep_import(struct solve *s, const char *key, struct build_record *rec,
		       const struct vertex *v, struct err *e)
{
	int r;

	rec->name = xstrdup(v->name);
	r = build_cache_put(s->opts->store, rec->key, rec, e);
	if (r >= 0 && !streq(rec->key, key))
		r = build_cache_put(s->opts->store, key, rec, e);
	return r < 0 ? r : 1;
}

/* 1: found, and some of what it names is there. */
static int look_up(struct solve *s, struct task *n, const char *key, struct err *e)
{
	auto_(build_record) struct build_record rec = { 0 };
	int r = build_cache_find(s->opts->store, key, &rec, e);

	if (r > 0 && !has_layer(s, &rec) && !has_snapshot(s, &rec)) {
		build_record_done(&rec);
		r = 0;
	}
	if (r == 0) {
		r = ask_imports(s, key, &rec, e);
		if (r > 0)
			r = keep_import(s, key, &rec, n->v, e);
	}
	if (r <= 0)
		return r;
	build_cache_touch(s->opts->store, rec.key);
	n->found = n->keyed = true;
	memcpy(n->key, rec.key, sizeof(n->key));
	n->rec = rec;
	rec = (struct build_record){ 0 };
	return 1;
}

int solve_remember(struct solve *s, struct task *n, struct err *e)
{
	int r;

	memcpy(n->rec.key, n->key, sizeof(n->rec.key));
	if (!n->rec.name)
		n->rec.name = xstrdup(n->v->name);
	r = build_cache_put(s->opts->store, n->key, &n->rec, e);
	if (r >= 0 && !streq(n->key, n->def_key))
		r = build_cache_put(s->opts->store, n->def_key, &n->rec, e);
	return r < 0 ? err_wrap(e, r, "record of the build") : 0;
}

/* ---- Kinds ---- */

static int find_image(struct solve *s, struct task *n, struct err *e)
{
	const struct oci_strings *ids;
	struct defining g;
	int r = s->opts->calls.image(s->opts->calls.ctx, &n->v->u.image, &n->image, e);

	if (r < 0)
		return r;
	if (!n->image->config || !n->image->config->rootfs)
		return err_set(e, EINVAL, "'%s' is no image of a file system",
			       n->v->u.image.reference);
	ids = &n->image->config->rootfs->diff_ids;
	defining_begin(&g, "image");
	for (size_t i = 0; i < ids->n; i++)
		defining_text(&g, "layer", ids->items[i]);
	defining_end(&g, n->key);
	memcpy(n->def_key, n->key, sizeof(n->def_key));
	n->keyed = true;
	return SCHED_DONE;
}

static int find_context(struct solve *s, struct task *n, struct err *e)
{
	int r;

	/* Asked for by a run before this one: what is attested wants trees when all is done. */
	if (n->keyed)
		return SCHED_DONE;
	r = s->opts->calls.context(s->opts->calls.ctx, n->v->u.context.name, &n->context, e);
	n->keyed = r >= 0;
	return r < 0 ? r : SCHED_DONE;
}

/* Was it found, or does somebody have to make it? */
static bool is_missing(const struct task *n)
{
	return (n->v->kind == VERTEX_FILES || n->v->kind == VERTEX_RUN) && !n->found;
}

/*
 * A stage that has to be made is begun before the key of what it is put on is known, which may take
 * another stage's making: the two are made side by side.
 */
static bool want_inputs(struct solve *s, const struct vertex *v, struct sched_turn *t)
{
	bool done = true;
	size_t from;

	for (size_t i = 0; i < v->n_inputs; i++)
		sched_start(t, job_of(v->inputs[i], STAGE_FIND));
	for (size_t i = 0; i < n_taken(v); i++)
		if (taken_by(s, v, i, &from) != TAKEN_NOTHING)
			done &= sched_want(t, job_of(from, STAGE_FIND));
	if (!done)
		return false;
	for (size_t i = 0; i < n_taken(v); i++)
		if (taken_by(s, v, i, &from) == TAKEN_BY_CONTENT && is_missing(&s->nodes[from]))
			done &= sched_want(t, job_of(from, STAGE_MAKE));
	for (size_t i = 0; i < v->n_inputs; i++)
		done &= sched_want(t, job_of(v->inputs[i], STAGE_FIND));
	return done;
}

/* By definition, and where that is not known by content. */
static int find_step(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	int r;

	if (!want_inputs(s, n->v, t))
		return SCHED_AGAIN;
	if (!n->def_key[0]) {
		r = make_key(s, n, false, n->def_key, e);
		if (r < 0)
			return r;
		r = n->v->no_cache ? make_new_key(n, e) : look_up(s, n, n->def_key, e);
		if (r < 0)
			return r;
		n->keyed = n->keyed || n->v->no_cache;
	}
	if (n->keyed)
		return SCHED_DONE;
	if (!takes_from_trees(s, n->v)) {
		memcpy(n->key, n->def_key, sizeof(n->key));
		n->keyed = true;
		return SCHED_DONE;
	}
	if (!want_trees(s, n->v, t))
		return SCHED_AGAIN;
	r = make_key(s, n, true, n->key, e);
	if (r >= 0)
		r = look_up(s, n, n->key, e);
	/* The next build need not look. */
	if (r > 0)
		r = build_cache_put(s->opts->store, n->def_key, &n->rec, e);
	n->keyed = true;
	return r < 0 ? r : SCHED_DONE;
}

static int find(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	switch (n->v->kind) {
	case VERTEX_IMAGE:
		return find_image(s, n, e);
	case VERTEX_CONTEXT:
		return find_context(s, n, e);
	case VERTEX_HTTP:
	case VERTEX_GIT:
		return solve_find_source(s, n, t, e);
	case VERTEX_FILES:
	case VERTEX_RUN:
		break;
	}
	return find_step(s, n, t, e);
}

int solve_find(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	bool step = n->v->kind == VERTEX_FILES || n->v->kind == VERTEX_RUN;
	int r = find(s, n, t, e);

	if (r == SCHED_DONE)
		set_base_key(s, n);
	return r < 0 && step ? err_wrap(e, r, "failed to compute cache key") : r;
}
