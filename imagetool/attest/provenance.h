/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an image came about: a SLSA provenance predicate, v1 or v0.2, in the members that BuildKit
 * writes.
 *
 * Mode min says what it was made of and when; max also the values of build arguments, the names of
 * secrets, the Dockerfile and every step: only for images whose readers may know all that.
 */
#ifndef IMAGETOOL_ATTEST_PROVENANCE_H
#define IMAGETOOL_ATTEST_PROVENANCE_H

#include <time.h>

#include "imagetool/graph/graph.h"
#include "libutil/json.h"

#define PROVENANCE_PREDICATE    "https://slsa.dev/provenance/v1"
#define PROVENANCE_PREDICATE_02 "https://slsa.dev/provenance/v0.2"

/* A main context out of the network.  Digests are "sha256:..." of a file, or a commit. */
struct provenance_context {
	const char *uri;        /* NULL: files of this machine */
	const char *config_uri; /* with the directory in it; NULL: the same */
	const char *digest;
};

struct provenance {
	bool max;
	bool v02;               /* SLSA 0.2's words */
	bool reproducible;      /* somebody said so */
	const char *builder_id; /* NULL: nobody says */
	const struct graph *graph;
	size_t target;            /* of the graph: the image */
	const char *const *found; /* for each vertex: of a file its digest, of a repository the
				   * commit, NULL for all else; NULL: nothing is known */
	const struct graph_options *options; /* target, build arguments, labels */
	struct platform platform;            /* of the machine that built */
	struct provenance_context context;
	const char *dockerfile; /* its name */
	bool dockerfile_is_local;
	const char *text; /* of it; NULL: not to be had */
	size_t len;
	struct timespec started, finished;
	const char *invocation; /* what this run is called */
};

void provenance_write(const struct provenance *p, struct strbuf *out);

/* ---- provenance_steps.c ---- */

struct materials;
/* The value of a key: every step the image is made of. */
void provenance_write_steps(struct json_writer *w, const struct graph *g,
			    const struct materials *of);
/* The Dockerfile, and from which of its lines each step comes. */
void provenance_write_source(struct json_writer *w, const struct provenance *p,
			     const struct materials *of);

#endif
