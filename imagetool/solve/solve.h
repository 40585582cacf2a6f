/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out the graph of a build: finds out what is known already, does the rest, and makes
 * layers of what images need.
 *
 * What a vertex made is a directory of STORE/snapshots, in overlayfs's terms, on which the next one
 * starts at once; becoming a layer (tar, compressed, a blob) goes on beside it.  What is known
 * about it is a record in STORE/build/cache, found by a key: a hash of all that defines the vertex
 * and of its inputs' keys; and, where that is new, of the content that COPY and bind mounts take,
 * so that a stage that was built again and has the same files costs nothing further on.  Nothing is
 * ever found by what an image's history says.
 *
 * A build that finds everything opens files of records and mounts nothing.  All else runs on
 * several threads; the first failure ends the others.  What it mounts is
 * attached nowhere and ends with the process.  Killed at any instant it leaves nothing that looks
 * whole and is not.
 *
 * The umask is the process's: it is 0 as long as a solve is open.
 */
#ifndef IMAGETOOL_SOLVE_SOLVE_H
#define IMAGETOOL_SOLVE_SOLVE_H

#include "imagetool/codec/compress.h"
#include "imagetool/graph/graph.h"
#include "imagetool/solve/steps.h"
#include "imagetool/store/build_cache.h"
#include "imagetool/store/image.h"

struct progress;

struct solve_calls {
	/* The image of a VERTEX_IMAGE, which is in the store and lives as long as the solve:
	 * images_get() of images.h, as a rule. */
	int (*image)(void *ctx, const struct vertex_image *want, const struct image **ret,
		     struct err *e);
	/* Files of a VERTEX_CONTEXT; any thread, one at a time. */
	int (*context)(void *ctx, const char *name, struct context **ret, struct err *e);
	void *ctx;
};

/*
 * Where else records may come from: --cache-from.  Asked when the store has none under a key; fills
 * `ret` from nothing (build_record_done() is the solver's) and returns 1 when it has one, whose
 * layer's blob fetch() can bring.  Only layers count there; its `snapshot` must be NULL.
 */
struct solve_import {
	int (*find)(void *ctx, const char *key, struct build_record *ret, struct err *e);
	/* Make the blob of a layer be in the store. */
	int (*fetch)(void *ctx, const struct build_layer *layer, struct err *e);
	void *ctx;
};

struct solve_opts {
	struct store *store;       /* borrowed, open for writing */
	struct progress *progress; /* NULL: nobody is told */
	struct solve_calls calls;
	const struct solve_steps *steps; /* NULL: solve_steps_real */
	const struct run_env *run;       /* for the real ones; cancelfd and dir are the solver's */
	/* graph_options.run_salt, for the keys of RUN. */
	const char *run_salt;
	/* No layer is packed: nothing but trees is wanted. */
	bool no_layers;
	struct compress_opts compression;
	/* Times of files in layers are no later than this (rewrite-timestamp). */
	bool has_latest;
	int64_t latest;
	unsigned jobs; /* vertices done at once; 0: by processors */
	const struct solve_import *imports;
	size_t n_imports;
};

struct solve;

/* `opts` and `g` are borrowed and live as long as it. */
int solve_new(const struct solve_opts *opts, const struct graph *g, struct solve **ret,
	      struct err *e);
/* Unmounts what solve_mount() gave. */
void solve_free(struct solve *s);
AUTO_DEFINE(solve, solve_free)

/* All targets.  -EINTR after a signal that interrupt.h holds back.  After a failure solve_failed()
 * is the vertex it came from, NO_VERTEX when none. */
int solve_run(struct solve *s, struct err *e);
size_t solve_failed(const struct solve *s);

/* ---- What came out ---- */

struct solve_layer {
	size_t vertex; /* NO_VERTEX: of the base image */
	enum layer_compression kind;
	char diff_id[DIGEST_TEXT_SIZE];
	char digest[DIGEST_TEXT_SIZE]; /* of the blob, which the store has */
	int64_t size;
	int64_t created; /* seconds: when the vertex was done, perhaps long ago; 0 of the base's */
	const struct image_descriptor *base; /* of the base image's: as its manifest has it */
};

/* One for each target of the graph. */
struct solve_result {
	const struct image *base;         /* NULL: built from scratch */
	const struct solve_layer *layers; /* the base's first, then graph_target.layers' */
	size_t n_layers, n_base;
};

/* After solve_run(), unless no_layers. */
const struct solve_result *solve_result(const struct solve *s, size_t target);

/* The tree of a vertex, read-only, as a descriptor that belongs to the solve; NO_VERTEX is an empty
 * one.  After solve_run() for vertices of targets. */
int solve_mount(struct solve *s, size_t vertex, struct err *e);

/* For cache export: what is known about a vertex under which keys. */
struct solve_known {
	size_t vertex;
	const char *key;     /* BUILD_KEY_SIZE; what others' keys count it by */
	const char *def_key; /* by definition; the same where no content counts */
	const struct build_record *record;
};
/* false: it was not looked at. */
bool solve_known(const struct solve *s, size_t vertex, struct solve_known *ret);
/* Of a VERTEX_HTTP or VERTEX_GIT solve_steps.source()'s identity; NULL: nobody asked. */
const char *solve_identity(const struct solve *s, size_t vertex);
/* The layer of any vertex that makes one, packed now when no image wanted it (mode=max). */
int solve_pack(struct solve *s, size_t vertex, struct solve_layer *ret, struct err *e);

#endif
