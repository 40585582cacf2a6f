/* SPDX-License-Identifier: Apache-2.0 */
/* One build under way, as its stages see it. */
#ifndef IMAGETOOL_BUILD_INTERNAL_H
#define IMAGETOOL_BUILD_INTERNAL_H

#include "imagetool/attest/plan.h"
#include "imagetool/build/build.h"
#include "imagetool/build/contexts.h"
#include "imagetool/build/input.h"
#include "imagetool/build/values.h"
#include "imagetool/progress/colours.h"
#include "imagetool/result/caches.h"
#include "imagetool/solve/images.h"
#include "imagetool/solve/solve.h"

struct build {
	const struct build_options *opts;
	struct store *store;
	struct progress *progress;
	enum progress_mode shown; /* as asked for: auto, too */
	struct colours colours;   /* on a terminal */
	struct arena arena;
	int signals; /* readable once a signal is held back */
	struct build_place place;
	struct build_values values;
	struct build_contexts contexts;
	struct build_input input;
	struct result_plan plan;
	struct result_caches caches;
	struct attest_plan attest;
	struct timespec started;
	char *invocation; /* what this run is called, in all its statements; in the arena */
	struct images *images;
	struct dockerfile file;
	struct checks checks;
	struct graph graph;
	const struct graph_options *graph_opts; /* what it was made by */
	size_t definition;                      /* progress: the Dockerfile */
	size_t told;                            /* findings that were told of */
	/* Where it failed: lines of the Dockerfile; 0: nowhere in it. */
	unsigned failed_first_line, failed_last_line;
};

/* refuse.c: what options ask for and cannot have, before anything is done. */
int build_refuse(const struct build *b, struct err *e);

/* show.c */
int build_open_progress(struct build *b, struct err *e);

/* define.c: from the input to the Dockerfile as data, and on to the graph. */
int build_read(struct build *b, struct err *e);
int build_make_graph(struct build *b, struct err *e);

/* finish.c: what was solved becomes what was asked for. */
int build_finish(struct build *b, struct solve *s, struct err *e);

/* attested.c: what --attest wants said of image `i`; a result_calls.attest's. */
int build_attest(struct build *b, struct solve *s, size_t i, struct arena *a,
		 struct result_statements *ret, struct err *e);

/* findings.c */
/* Those that nobody was told of yet, to the progress. */
void build_tell_findings(struct build *b);
/* "1 warning found", behind the progress. */
void build_print_warnings(const struct build *b);
/* The lines at fault. */
void build_print_place(const struct build *b);
/* `# check=error=true` and findings. */
int build_judge_findings(const struct build *b, struct err *e);

/* call.c: --call: what it prints; returns BUILD_FOUND, 0 or what failed. */
int build_answer(struct build *b, struct err *e);

#endif
