/* SPDX-License-Identifier: Apache-2.0 */
/* --build-context NAME=VALUE: a directory, docker-image://REF, oci-layout://DIR[:TAG][@DIGEST],
 * target:STAGE, a git or http(s) URL. */
#ifndef IMAGETOOL_BUILD_CONTEXTS_H
#define IMAGETOOL_BUILD_CONTEXTS_H

#include "imagetool/build/input.h"
#include "imagetool/graph/graph.h"

struct build_context {
	const char *name;  /* in small letters */
	const char *whole; /* as a full reference; NULL when it is none */
	struct graph_context is;
	const char *dir;         /* GRAPH_CONTEXT_FILES */
	struct context *context; /* once it was opened; owned */
};

struct build_contexts {
	struct build_context *items; /* in the arena */
	size_t n;
};

/* `ret` is zeroed; texts live in `a`. */
int build_contexts_read(const struct strv *typed, struct arena *a, struct build_contexts *ret,
			struct err *e);
/* NULL: there is none. */
struct build_context *build_contexts_find(const struct build_contexts *c, const char *name);
/* Opens its files; *ret stays its own. */
int build_context_open(struct build_context *c, const struct store *s, struct context **ret,
		       struct err *e);
void build_contexts_done(struct build_contexts *c);
AUTO_DEFINE_DONE(build_contexts, build_contexts_done)

#endif
