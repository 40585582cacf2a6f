/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and repositories from the network.  What they are is asked in every build, with what the
 * last one learned; their key is that answer, and the tree is fetched only when somebody needs it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "imagetool/progress/progress.h"
#include "imagetool/solve/define.h"
#include "imagetool/solve/internal.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"

#define TREE_NAME "tree"
#define WORK_NAME "fetch"

struct fetching {
	struct solve *solve;
	struct task *node;
	struct built_stage stage;
	struct solve_fetch how;
	struct fetch_keys keys;
};

static void log_line(void *ctx, enum run_stream stream, const void *data, size_t len)
{
	const struct fetching *f = ctx;

	progress_log(f->solve->opts->progress, f->node->index, (int)stream, data, len);
}

static int make_dir(int dirfd, const char *name, mode_t mode, struct err *e)
{
	if (mkdirat(dirfd, name, mode) < 0)
		return err_sys(e, "make directory '%s'", name);
	return dir_open_at(dirfd, name, e);
}

static int fetching_begin(struct fetching *f, struct sched_turn *t, struct err *e)
{
	const struct run_env *env = f->solve->opts->run;
	int r = built_begin(f->solve->snaps, &f->stage, e);

	if (r >= 0)
		f->how.dirfd = r = make_dir(f->stage.fd, TREE_NAME, 0755, e);
	if (r >= 0)
		f->how.workfd = r = make_dir(f->stage.fd, WORK_NAME, 0700, e);
	f->how.cancelfd = sched_cancelfd(t);
	f->how.log = (struct solve_log){ log_line, f };
	if (env)
		f->keys = (struct fetch_keys){ env->secrets, env->n_secrets, env->ssh, env->n_ssh };
	f->how.keys = &f->keys;
	return r;
}

static void fetching_done(struct fetching *f)
{
	close_at_exit(&f->how.dirfd);
	close_at_exit(&f->how.workfd);
	built_drop(f->solve->snaps, &f->stage);
}

/* What was fetched is a tree others take from. */
static int publish(struct fetching *f, struct err *e)
{
	/* One that is empty is a tree as well. */
	const struct built_facts facts = { .entries = 1 };
	struct task *n = f->node;
	char key[SNAPSHOT_KEY_SIZE];
	int r;

	snapshot_key_build(n->key, key);
	r = built_publish(f->solve->snaps, &f->stage, TREE_NAME, key, &facts, e);
	if (r < 0)
		return r;
	build_record_done(&n->rec);
	memcpy(n->rec.key, n->key, sizeof(n->rec.key));
	n->rec.name = xstrdup(n->v->name);
	n->rec.snapshot = xstrdup(key);
	n->rec.created = time(NULL);
	n->found = true;
	return build_cache_put(f->solve->opts->store, n->key, &n->rec, e);
}

/* ---- What it is now ---- */

static int note_it(struct solve *s, struct task *n, struct err *e)
{
	auto_(build_record) struct build_record rec = { .created = time(NULL) };

	memcpy(rec.key, n->def_key, sizeof(rec.key));
	rec.name = xstrdup(n->v->name);
	rec.note = n->note ? xstrdup(n->note) : NULL;
	return build_cache_put(s->opts->store, n->def_key, &rec, e);
}

static void key_of(struct task *n)
{
	struct defining g;

	defining_begin(&g, "source");
	defining_text(&g, "vertex", n->def_key);
	defining_text(&g, "identity", n->identity);
	defining_end(&g, n->key);
	n->keyed = true;
}

/* Its tree of an earlier build. */
static int find_tree(struct solve *s, struct task *n, struct err *e)
{
	auto_(build_record) struct build_record rec = { 0 };
	struct snapshot_lower lower = { 0 };
	int r = build_cache_find(s->opts->store, n->key, &rec, e);

	if (r <= 0 || !rec.snapshot || built_open(s->snaps, rec.snapshot, &lower, NULL) < 0)
		return r < 0 ? r : 0;
	free(lower.key);
	free(lower.path);
	build_cache_touch(s->opts->store, n->key);
	build_record_done(&n->rec);
	n->rec = rec;
	rec = (struct build_record){ 0 };
	n->found = true;
	return 1;
}

static int ask(struct fetching *f, struct sched_turn *t, struct err *e)
{
	auto_(build_record) struct build_record last = { 0 };
	struct solve *s = f->solve;
	struct task *n = f->node;
	int fetched, r = fetching_begin(f, t, e);

	if (r >= 0 && !n->v->no_cache)
		r = build_cache_find(s->opts->store, n->def_key, &last, e);
	if (r < 0)
		return r;
	fetched = s->steps->source(n->v, last.note, &f->how, &n->identity, &n->note, e);
	if (fetched < 0)
		return fetched;
	key_of(n);
	r = note_it(s, n, e);
	if (r >= 0)
		r = find_tree(s, n, e);
	return r == 0 && fetched > 0 ? publish(f, e) : r;
}

static int with_progress(struct solve *s, struct task *n, struct sched_turn *t,
			 int (*fn)(struct fetching *, struct sched_turn *, struct err *),
			 struct err *e)
{
	struct fetching f = {
		.solve = s, .node = n, .stage = { .fd = -1 }, .how = { .dirfd = -1, .workfd = -1 }
	};
	int r = solve_busy(s, t, e);

	if (r < 0)
		return r;
	progress_vertex_begin(s->opts->progress, n->index, n->v->digest, n->v->name);
	r = fn(&f, t, e);
	fetching_done(&f);
	progress_vertex_end(s->opts->progress, n->index, false, r < 0 ? e : NULL);
	return r < 0 ? r : SCHED_DONE;
}

int solve_find_source(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	define_vertex(n->v, NULL, n->def_key);
	return with_progress(s, n, t, ask, e);
}

/* ---- Its files ---- */

static int fetch(struct fetching *f, struct sched_turn *t, struct err *e)
{
	auto_(claim) struct claim c = CLAIM_NONE;
	int r = solve_claim(f->solve, f->node->key, true, &c, e);

	/* Another build may have brought them meanwhile. */
	if (r >= 0)
		r = find_tree(f->solve, f->node, e);
	if (r != 0)
		return r;
	r = fetching_begin(f, t, e);
	if (r >= 0)
		r = f->solve->steps->fetch(f->node->v, f->node->note, &f->how, e);
	/* A server may say "unchanged" of what it changes: the next build asks without that note.
	 */
	if (r == -ESTALE)
		(void)build_cache_remove(f->solve->opts->store, f->node->def_key, NULL);
	return r < 0 ? r : publish(f, e);
}

int solve_make_source(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	return n->found ? SCHED_DONE : with_progress(s, n, t, fetch, e);
}
