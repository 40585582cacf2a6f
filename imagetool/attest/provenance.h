/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an image came about: a SLSA provenance v1 predicate, in the members that BuildKit writes.
 *
 * Mode min says what it was made of and when; max also the values of build arguments, the names of
 * secrets, the Dockerfile and every step: only for images whose readers may know all that.
 */
#ifndef IMAGETOOL_ATTEST_PROVENANCE_H
#define IMAGETOOL_ATTEST_PROVENANCE_H

#include <time.h>

#include "imagetool/graph/graph.h"
#include "libutil/strbuf.h"

#define PROVENANCE_PREDICATE "https://slsa.dev/provenance/v1"

struct provenance {
	bool max;
	const char *builder_id; /* NULL: nobody says */
	const struct graph *graph;
	const struct graph_options *options; /* target, build arguments, labels */
	struct platform platform;            /* of the machine that built */
	const char *context;                 /* URL of a remote one; NULL: files of this machine */
	const char *dockerfile;              /* its name */
	const char *text;                    /* of it; NULL: not to be had */
	size_t len;
	const char *const *secrets; /* ids */
	size_t n_secrets;
	const char *const *ssh;
	size_t n_ssh;
	struct timespec started, finished;
	const char *invocation; /* what this run is called */
};

void provenance_write(const struct provenance *p, struct strbuf *out);

#endif
