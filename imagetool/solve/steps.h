/* SPDX-License-Identifier: Apache-2.0 */
/* What the solver has others do: the work of one vertex.  A table, so that tests do without. */
#ifndef IMAGETOOL_SOLVE_STEPS_H
#define IMAGETOOL_SOLVE_STEPS_H

#include "imagetool/graph/vertex.h"
#include "imagetool/step/run.h"
#include "imagetool/step/step.h"

struct solve_log {
	run_log_fn *fn;
	void *ctx;
};

struct solve_steps {
	/* COPY, ADD, WORKDIR on a root; one tree for each source. */
	int (*files)(const struct vertex_files *f, const struct step_tree *trees,
		     const struct step_root *root, struct err *e);
	/* The content that source `i` would take from its tree: names, types, modes, owners and
	 * bytes, not times. */
	int (*files_hash)(const struct vertex_files *f, size_t i, const struct step_tree *tree,
			  uint8_t ret[CONTEXT_HASH_SIZE], struct err *e);
	int (*run)(const struct vertex_run *r, const struct step_tree *trees,
		   const struct step_root *root, const struct run_env *env, struct solve_log log,
		   struct err *e);
	/* What a VERTEX_HTTP or VERTEX_GIT is now: any text that changes with its content. */
	int (*source_identity)(const struct vertex *v, char **ret, struct err *e);
	/* Bring it into an empty directory; `identity` is what the above said. */
	int (*source_fetch)(const struct vertex *v, const char *identity, int dirfd, struct err *e);
};

extern const struct solve_steps solve_steps_real;

#endif
