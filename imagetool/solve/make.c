/* SPDX-License-Identifier: Apache-2.0 */
/* Trees made: images unpacked, steps carried out on an overlay of their own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "imagetool/mount/layers.h"
#include "imagetool/mount/overlay.h"
#include "imagetool/progress/progress.h"
#include "imagetool/solve/plain.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"

size_t vertex_below(const struct vertex *v)
{
	switch (v->kind) {
	case VERTEX_FILES:
		return v->u.files.link ? v->u.files.above : v->u.files.base;
	case VERTEX_RUN:
		return v->u.run.base;
	case VERTEX_IMAGE:
	case VERTEX_CONTEXT:
	case VERTEX_HTTP:
	case VERTEX_GIT:
		break;
	}
	return NO_VERTEX;
}

bool vertex_is_alone(const struct vertex *v)
{
	switch (v->kind) {
	case VERTEX_FILES:
		return v->u.files.link;
	case VERTEX_RUN:
		return false;
	case VERTEX_IMAGE:
	case VERTEX_CONTEXT:
	case VERTEX_HTTP:
	case VERTEX_GIT:
		break;
	}
	return true;
}

/* ---- What a step left ---- */

struct counting {
	struct built_facts facts;
};

/* Whiteouts and directories count as entries, and their content does. */
static int count(int dirfd, const char *name, unsigned char type UNUSED, void *ctx, struct err *e)
{
	struct counting *c = ctx;
	autofd int fd = -1;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat '%s'", name);
	c->facts.entries++;
	if (S_ISREG(st.st_mode) && st.st_nlink)
		c->facts.size += st.st_size / (off_t)st.st_nlink;
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", name) : dir_each(fd, count, c, e);
}

static int look_at_upper(const struct built_stage *stage, struct built_facts *ret, struct err *e)
{
	struct counting c = { 0 };
	autofd int fd = dir_open_at(stage->fd, OVERLAY_UPPER, e);
	int r = fd < 0 ? fd : dir_each(fd, count, &c, e);

	*ret = c.facts;
	return r;
}

int solve_publish(struct solve *s, struct task *n, struct built_stage *stage,
		  const struct solve_left *left, struct err *e)
{
	char key[SNAPSHOT_KEY_SIZE] = "";
	struct built_facts facts;
	int r = look_at_upper(stage, &facts, e);

	if (r < 0)
		return r;
	facts.whole = left->whole;
	if (left->whole ? left->n_changes > 0 : facts.entries > 0) {
		if (left->whole)
			snapshot_key_plain_build(n->key, key);
		else
			snapshot_key_build(n->key, key);
		r = built_publish(s->snaps, stage, OVERLAY_UPPER, key, &facts, e);
	}
	if (r < 0)
		return r;
	free(n->rec.snapshot);
	n->rec.snapshot = xstrdup(key);
	n->rec.size = facts.size;
	return 0;
}

/* A record may have outlived its snapshot. */
static bool has_tree(struct solve *s, struct task *n, const struct build_record *rec)
{
	struct snapshot_lower lower = { 0 };

	if (!rec->snapshot || !rec->snapshot[0])
		return rec->snapshot != NULL;
	if (tree_open_built(s, n, rec->snapshot, &lower, NULL) < 0)
		return false;
	free(lower.key);
	free(lower.path);
	return true;
}

struct stepping {
	struct solve *solve;
	struct task *node;
	struct sched_turn *turn;
	struct built_stage stage;
	struct solve_left left;
	struct step_tree *trees; /* owned */
};

/* It is part of the next step's tree from now on, and found by the next build. */
static int keep(struct stepping *p, struct err *e)
{
	struct task *n = p->node;
	int r;

	build_record_done(&n->rec);
	r = solve_publish(p->solve, n, &p->stage, &p->left, e);
	if (r < 0)
		return r;
	n->rec.created = time(NULL);
	return solve_remember(p->solve, n, e);
}

/* ---- One step ---- */

static void log_line(void *ctx, enum run_stream stream, const void *data, size_t len)
{
	const struct stepping *p = ctx;

	progress_log(p->solve->opts->progress, p->node->index, (int)stream, data, len);
}

static size_t taken_from(const struct vertex *v, size_t i)
{
	return v->kind == VERTEX_FILES ? v->u.files.sources[i].from : v->u.run.mounts[i].from;
}

static int open_trees(struct stepping *p, struct err *e)
{
	const struct vertex *v = p->node->v;
	size_t n = v->kind == VERTEX_FILES ? v->u.files.n_sources : v->u.run.n_mounts;
	int r = 0;

	p->trees = xcalloc(n + 1, sizeof(*p->trees));
	for (size_t i = 0; i < n && r >= 0; i++)
		r = tree_for_step(p->solve, taken_from(v, i), &p->trees[i], e);
	return r;
}

static int do_files(struct stepping *p, const struct step_root *root, struct err *e)
{
	const struct vertex_files *f = &p->node->v->u.files;
	int usersfd = f->link && f->above != NO_VERTEX ? tree_open(p->solve, f->above, e) : -1;

	if (usersfd < 0 && f->link && f->above != NO_VERTEX)
		return usersfd;
	return p->solve->steps->files(f, p->trees, root, usersfd, e);
}

static int do_run(struct stepping *p, const struct step_root *root, struct err *e)
{
	struct run_env env = *p->solve->opts->run;
	struct solve_log log = { log_line, p };

	env.dir = p->solve->build_dir;
	env.no_overlay = plain_is_needed(p->solve);
	env.cancelfd = sched_cancelfd(p->turn);
	return p->solve->steps->run(&p->node->v->u.run, p->trees, root, &env, log, e);
}

static int do_step(struct stepping *p, int rootfd, struct err *e)
{
	const struct step_root root = { .fd = rootfd };

	return p->node->v->kind == VERTEX_FILES ? do_files(p, &root, e) : do_run(p, &root, e);
}

/* The overlay is gone when this returns: what it wrote is a directory like others. */
static int on_overlay(struct stepping *p, struct err *e)
{
	auto_(snapshot_stack) struct snapshot_stack st = { 0 };
	const struct vertex *v = p->node->v;
	autofd int fd = -1;
	int r = tree_stack(p->solve, vertex_is_alone(v) ? NO_VERTEX : vertex_below(v), &st, e);

	if (r >= 0)
		r = overlay_prepare(p->stage.fd, &st, true, e);
	if (r < 0)
		return r;
	fd = overlay_mount(p->stage.fd, &st, OVERLAY_BUILD, NULL, e);
	if (fd < 0)
		return fd;
	return do_step(p, fd, e);
}

/* Only a RUN writes into files that are there. */
static int on_copy(struct stepping *p, struct err *e)
{
	auto_(plain_work) struct plain_work w = PLAIN_WORK_INIT;
	const struct vertex *v = p->node->v;
	int r = plain_begin(p->solve, p->node, &p->stage,
			    v->kind == VERTEX_RUN ? COPY_WRITABLE : COPY_LINKED, &w, e);

	if (r >= 0)
		r = do_step(p, w.fd, e);
	if (r < 0 || vertex_is_alone(v))
		return r;
	p->left.whole = true;
	return plain_end(&w, &p->stage, &p->left.n_changes, e);
}

static int step(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	struct stepping p = { .solve = s, .node = n, .turn = t, .stage = { .fd = -1 } };
	int r = built_begin(s->snaps, &p.stage, e);

	if (r >= 0)
		r = open_trees(&p, e);
	if (r >= 0)
		r = plain_is_needed(s) ? on_copy(&p, e) : on_overlay(&p, e);
	if (r >= 0)
		r = keep(&p, e);
	built_drop(s->snaps, &p.stage);
	free(p.trees);
	return r;
}

static void tell_waiting(struct solve *s, const struct task *n)
{
	static const char text[] = "waiting for another build that does the same step\n";

	progress_vertex_begin(s->opts->progress, n->index, n->v->digest, n->v->name);
	progress_log(s->opts->progress, n->index, RUN_STDERR, text, sizeof(text) - 1);
}

/* What is done whatever is known has a key of its own. */
static int claim(struct solve *s, struct task *n, struct claim *ret, struct err *e)
{
	int r = n->v->no_cache ? 0 : solve_claim(s, n->key, false, ret, e);

	if (r != -EWOULDBLOCK)
		return r;
	tell_waiting(s, n);
	return solve_claim(s, n->key, true, ret, e);
}

/* By somebody who had the key before, in this build or in another. */
static bool is_made_meanwhile(struct solve *s, struct task *n)
{
	auto_(build_record) struct build_record rec = { 0 };

	if (n->v->no_cache || build_cache_find(s->opts->store, n->key, &rec, NULL) <= 0 ||
	    !has_tree(s, n, &rec))
		return false;
	(void)pthread_mutex_lock(&s->layer_lock);
	build_record_done(&n->rec);
	n->rec = rec;
	n->found = true;
	(void)pthread_mutex_unlock(&s->layer_lock);
	rec = (struct build_record){ 0 };
	return true;
}

/* With the key. */
static int step_or_find(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	struct err why = { 0 };
	int r;

	if (is_made_meanwhile(s, n)) {
		n->told = true;
		progress_vertex_end(s->opts->progress, n->index, true, NULL);
		return SCHED_DONE;
	}
	progress_vertex_begin(s->opts->progress, n->index, n->v->digest, n->v->name);
	r = step(s, n, t, &why);
	if (r < 0 && sched_is_cancelled(t))
		(void)err_set(&why, ECANCELED, "canceled");
	progress_vertex_end(s->opts->progress, n->index, false, r < 0 ? &why : NULL);
	return r < 0 ? err_take(e, &why) : SCHED_DONE;
}

static int execute(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	auto_(claim) struct claim c = CLAIM_NONE;
	struct err why = { 0 };
	int r = solve_busy(s, t, e);

	if (r < 0)
		return r;
	n->found = false;
	r = claim(s, n, &c, &why);
	if (r >= 0)
		return step_or_find(s, n, t, e);
	progress_vertex_end(s->opts->progress, n->index, false, &why);
	return err_take(e, &why);
}

/* ---- Kinds ---- */

static int make_image(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	struct apply_notes notes = { 0 };
	int r;

	/* Of an earlier run of jobs. */
	if (n->has_stack)
		return SCHED_DONE;
	r = solve_busy(s, t, e);
	if (r < 0)
		return r;
	progress_vertex_begin(s->opts->progress, n->index, n->v->digest, n->v->name);
	if (plain_is_needed(s))
		r = plain_make_image(s, n, e);
	else
		r = layers_ready(s->opts->store, n->image, SNAPSHOTS_AUTO, &n->stack, &notes, e);
	progress_vertex_end(s->opts->progress, n->index, false, r < 0 ? e : NULL);
	if (r < 0)
		return r;
	n->has_stack = true;
	return SCHED_DONE;
}

static bool is_made(struct solve *s, struct task *n)
{
	return has_tree(s, n, &n->rec);
}

static bool want_below(const struct task *n, struct sched_turn *t)
{
	size_t below = vertex_below(n->v);

	return below == NO_VERTEX || sched_want(t, job_of(below, STAGE_MAKE));
}

static bool want_sources(const struct vertex *v, struct sched_turn *t)
{
	bool done = true;

	for (size_t i = 0; i < v->n_inputs; i++)
		done &= sched_want(t, job_of(v->inputs[i], STAGE_MAKE));
	return done;
}

static int make_step(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	bool below;
	int r;

	if (n->found && !is_made(s, n)) {
		r = solve_unpack(s, n, t, e);
		if (r != SCHED_DONE)
			return r;
	}
	if (n->found && is_made(s, n))
		return want_below(n, t) ? SCHED_DONE : SCHED_AGAIN;
	/* `inputs` has what it is put on, too, but for what --link does not see. */
	below = want_below(n, t);
	if (!want_sources(n->v, t) || !below)
		return SCHED_AGAIN;
	return execute(s, n, t, e);
}

int solve_make(struct solve *s, struct task *n, struct sched_turn *t, struct err *e)
{
	if (!sched_want(t, job_of(n->index, STAGE_FIND)))
		return SCHED_AGAIN;
	switch (n->v->kind) {
	case VERTEX_IMAGE:
		return make_image(s, n, t, e);
	case VERTEX_CONTEXT:
		return SCHED_DONE;
	case VERTEX_HTTP:
	case VERTEX_GIT:
		return solve_make_source(s, n, t, e);
	case VERTEX_FILES:
	case VERTEX_RUN:
		break;
	}
	return make_step(s, n, t, e);
}
