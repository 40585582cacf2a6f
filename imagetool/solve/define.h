/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a vertex is, as a hash: everything that decides what it makes, and nothing else.  Its inputs
 * are added by who knows their keys.
 *
 * Each member goes in with its name and length, so that no two definitions write the same bytes;
 * an attribute that is forgotten here would let one instruction's result stand for another's.
 */
#ifndef IMAGETOOL_SOLVE_DEFINE_H
#define IMAGETOOL_SOLVE_DEFINE_H

#include "imagetool/graph/vertex.h"
#include "imagetool/store/build_cache.h"
#include "libutil/digest.h"

/* A hash under construction. */
struct defining {
	struct digest *d; /* owned */
};

void defining_begin(struct defining *g, const char *what);
void defining_bytes(struct defining *g, const char *name, const void *data, size_t len);
/* NULL is another text than "". */
void defining_text(struct defining *g, const char *name, const char *text);
void defining_number(struct defining *g, const char *name, int64_t n);
/* Releases it. */
void defining_end(struct defining *g, char ret[BUILD_KEY_SIZE]);

/* `salt`: what else steps of this build see. */
void define_vertex(const struct vertex *v, const char *salt, char ret[BUILD_KEY_SIZE]);

#endif
