/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of solve/ share. */
#ifndef IMAGETOOL_SOLVE_INTERNAL_H
#define IMAGETOOL_SOLVE_INTERNAL_H

#include <pthread.h>

#include "imagetool/snapshot/built.h"
#include "imagetool/solve/sched.h"
#include "imagetool/solve/solve.h"

/* Of each vertex, in this order; a job's number is 3 * vertex + stage. */
enum stage_of_vertex {
	STAGE_FIND, /* its key is known, and whether there is a record */
	STAGE_MAKE, /* its tree can be mounted */
	STAGE_PACK, /* its layer is a blob of the store */
	STAGE_COUNT
};

/* What is known about a vertex.  Written by its own jobs, each of which ends before others that
 * need it begin; `rec`, `treefd` also under the lock. */
struct task {
	const struct vertex *v;
	size_t index;
	char def_key[BUILD_KEY_SIZE];  /* by definition and keys of inputs */
	char key[BUILD_KEY_SIZE];      /* what others count it by; "": not known yet */
	char base_key[BUILD_KEY_SIZE]; /* by which what lies on it counts it */
	bool keyed;                    /* key is final */
	bool found;                    /* `rec` is of an earlier build */
	bool told;                     /* the progress knows that it was found */
	struct build_record rec;       /* snapshot NULL: nothing is made */
	char *note;                    /* of a source: what its fetch needs to know; owned */
	char *identity;                /* of a source: what it is now; owned */
	const struct image *image;     /* VERTEX_IMAGE */
	struct snapshot_stack stack;   /* likewise, once it is made */
	bool has_stack;
	struct context *context; /* VERTEX_CONTEXT; borrowed */
	int treefd;              /* its tree, mounted read-only; -1: not yet */
	struct build_layer layer;
	bool packed;
	bool done[STAGE_COUNT]; /* jobs: a later run of them finds it so */
};

struct solve {
	const struct solve_opts *opts;
	const struct graph *graph;
	const struct solve_steps *steps;
	struct snapshots *snaps;
	struct task *nodes; /* owned, one a vertex */
	pthread_mutex_t lock;
	pthread_mutex_t context_lock; /* contexts bear one thread at a time */
	pthread_mutex_t layer_lock;   /* of task.layer and .packed */
	struct built_stage scratch;   /* for what mounts need; fd -1: not there yet */
	unsigned n_scratch;
	bool is_probed, is_plain; /* plain_is_needed() */
	int emptyfd;              /* tree_open_empty(); -1: not yet */
	struct build_layer like;  /* what layers are packed as */
	char *build_dir;          /* STORE/build, absolute */
	struct solve_result *results;
	size_t failed;
	int cancelfd; /* of the jobs that run; -1 */
};

static inline size_t job_of(size_t vertex, enum stage_of_vertex stage)
{
	return STAGE_COUNT * vertex + stage;
}

/* sched_busy(); what waits from now on sees a cancel. */
int solve_busy(struct solve *s, struct sched_turn *t, struct err *e);

/* ---- find.c ---- */

int solve_find(struct solve *s, struct task *n, struct sched_turn *t, struct err *e);
/* Write down what was made, under its key and the one by definition. */
int solve_remember(struct solve *s, struct task *n, struct err *e);

/* ---- source.c: what comes from the network ---- */

int solve_find_source(struct solve *s, struct task *n, struct sched_turn *t, struct err *e);
int solve_make_source(struct solve *s, struct task *n, struct sched_turn *t, struct err *e);

/* ---- claim.c ---- */

struct claim {
	int dirfd, fd;   /* -1: nothing is claimed */
	const char *key; /* borrowed */
};
#define CLAIM_NONE ((struct claim){ .dirfd = -1, .fd = -1 })

/* Until claim_done() nobody else does what this key stands for; -EWOULDBLOCK without `wait`. */
int solve_claim(struct solve *s, const char *key, bool wait, struct claim *ret, struct err *e);
void claim_done(struct claim *c);
AUTO_DEFINE_DONE(claim, claim_done)

/* ---- make.c ---- */

int solve_make(struct solve *s, struct task *n, struct sched_turn *t, struct err *e);
/* What it is put on: `base`, or with --link what lies above; NO_VERTEX. */
size_t vertex_below(const struct vertex *v);
/* COPY --link: made on nothing, whatever it is put on; sources are, too. */
bool vertex_is_alone(const struct vertex *v);

/* What a step has left in its stage, as OVERLAY_UPPER: what it wrote, or the whole tree. */
struct solve_left {
	bool whole;
	size_t n_changes; /* of a whole tree */
};
/* Make it the snapshot of the vertex: rec.snapshot, not written down yet. */
int solve_publish(struct solve *s, struct task *n, struct built_stage *stage,
		  const struct solve_left *left, struct err *e);

/* ---- tree.c ---- */

/* Everything of a state for overlayfs, top first.  All of it is made. */
int tree_stack(struct solve *s, size_t vertex, struct snapshot_stack *ret, struct err *e);
/* Its tree for reading; belongs to the solve. */
int tree_open(struct solve *s, size_t vertex, struct err *e);
/* Of nothing. */
int tree_open_empty(struct solve *s, struct err *e);
/* A directory of the solve's own, which goes with it; the lock is held. */
int tree_scratch_dir(struct solve *s, struct err *e);
/* The snapshot of a vertex by its key, when it is what this solve needs; -ENOENT. */
int tree_open_built(struct solve *s, const struct task *n, const char *key,
		    struct snapshot_lower *ret, struct err *e);
/* Before the solve goes. */
void tree_scratch_done(struct solve *s);
/* The same as what a step takes files from; contexts have their own. */
int tree_for_step(struct solve *s, size_t vertex, struct step_tree *ret, struct err *e);

/* ---- unpack.c ---- */

/* A record that has a layer and no tree: an enum sched_outcome.  After DONE rec.snapshot is still
 * NULL when it can't be unpacked, and the step has to be carried out. */
int solve_unpack(struct solve *s, struct task *n, struct sched_turn *t, struct err *e);
/* Of a layer that was packed. */
const char *solve_media_type(enum layer_compression kind);
/* The tree that was built becomes the layer's own snapshot: whoever mounts the image unpacks
 * nothing.  Failing costs only that. */
void solve_adopt(struct solve *s, struct task *n, const char *chain);

/* ---- pack.c ---- */

/* The blob of a record that was found. */
bool solve_find_layer(struct solve *s, struct task *n);
int solve_pack_job(struct solve *s, struct task *n, struct sched_turn *t, struct err *e);

#endif
