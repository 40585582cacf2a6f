/* SPDX-License-Identifier: Apache-2.0 */
/* The vertices of a graph while it is made: each definition is there once. */
#ifndef IMAGETOOL_GRAPH_VERTICES_H
#define IMAGETOOL_GRAPH_VERTICES_H

#include "imagetool/graph/names.h"
#include "imagetool/graph/vertex.h"

struct vertices {
	struct arena *arena;
	struct vertex *items;
	size_t n, cap;
	struct names by_digest;
	const char *run_salt;
	const char *epoch; /* as text; NULL: none */
};

/* The vertex of this definition, an earlier one where there is one; its inputs and digest are
 * filled in here.  Everything must live in the arena, or as long as it. */
int vertices_add(struct vertices *g, const struct vertex *v, size_t *ret, struct err *e);
/* Leaves only what these need, in the same order; their numbers are changed. */
void vertices_keep(struct vertices *g, size_t *const *wanted, size_t n);

#endif
