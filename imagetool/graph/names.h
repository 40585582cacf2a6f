/* SPDX-License-Identifier: Apache-2.0 */
/* Names to numbers: variables of a stage, stages, vertices.  Looking one up takes no longer when
 * there are many. */
#ifndef IMAGETOOL_GRAPH_NAMES_H
#define IMAGETOOL_GRAPH_NAMES_H

#include <sys/types.h>

#include "libutil/alloc.h"

struct names_slot {
	const char *name; /* NULL: free */
	size_t value;
};

/* Zero it. */
struct names {
	struct names_slot *slots; /* a power of two */
	size_t cap, n;
};

/* -1: there is none. */
ssize_t names_find(const struct names *t, const char *name);
/* Replaces what it was. `name` must live as long as the table. */
void names_set(struct names *t, struct arena *a, const char *name, size_t value);

/* ---- Variables ---- */

struct var {
	const char *name;
	const char *value; /* NULL: declared, without a value */
	const char *text;  /* "NAME=VALUE", once somebody asked for it */
};

/* In the order they came first. */
struct vars {
	struct arena *arena;
	struct var *items;
	size_t n, cap;
	struct names index;
	size_t changes;
};

const struct var *vars_find(const struct vars *v, const char *name);
/* NULL also when there is none. */
const char *vars_get(const struct vars *v, const char *name);
void vars_set(struct vars *v, const char *name, const char *value);
void vars_copy(struct vars *to, const struct vars *from);

#endif
