/* SPDX-License-Identifier: Apache-2.0 */
/* What the solver has others do: the work of one vertex.  A table, so that tests do without. */
#ifndef IMAGETOOL_SOLVE_STEPS_H
#define IMAGETOOL_SOLVE_STEPS_H

#include "imagetool/graph/vertex.h"
#include "imagetool/step/fetch_keys.h"
#include "imagetool/step/run.h"
#include "imagetool/step/step.h"

struct solve_log {
	run_log_fn *fn;
	void *ctx;
};

/* Where and how a source is fetched. */
struct solve_fetch {
	int dirfd;  /* empty; what it becomes */
	int workfd; /* for what is only needed meanwhile */
	int cancelfd;
	struct solve_log log;
	const struct fetch_keys *keys; /* who we are for servers */
};

struct solve_steps {
	/* COPY, ADD, WORKDIR on a root; one tree for each source.  `usersfd` knows the names of
	 * --chown with --link; -1. */
	int (*files)(const struct vertex_files *f, const struct step_tree *trees,
		     const struct step_root *root, int usersfd, struct err *e);
	/* The content that source `i` would take from its tree: names, types, modes, owners and
	 * bytes, not times. */
	int (*files_hash)(const struct vertex_files *f, size_t i, const struct step_tree *tree,
			  uint8_t ret[CONTEXT_HASH_SIZE], struct err *e);
	/* The same of what a bind mount shows. */
	int (*path_hash)(const struct step_tree *tree, const char *path,
			 uint8_t ret[CONTEXT_HASH_SIZE], struct err *e);
	int (*run)(const struct vertex_run *r, const struct step_tree *trees,
		   const struct step_root *root, const struct run_env *env, struct solve_log log,
		   struct err *e);
	/*
	 * What a VERTEX_HTTP or VERTEX_GIT is now: *ret_identity is a text that changes with its
	 * content, a file's digest, or a repository's commit and perhaps more behind a blank;
	 * *ret_note what helps the next time; both are owned by the caller.  `note` is what the
	 * last time gave, or NULL.  1: its files were brought into f->dirfd on the way, 0: not.
	 */
	int (*source)(const struct vertex *v, const char *note, const struct solve_fetch *f,
		      char **ret_identity, char **ret_note, struct err *e);
	/* For who needs the files of one that said 0. */
	int (*fetch)(const struct vertex *v, const char *note, const struct solve_fetch *f,
		     struct err *e);
};

extern const struct solve_steps solve_steps_real;

#endif
