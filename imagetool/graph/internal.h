/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share while a graph is made; others include graph.h. */
#ifndef IMAGETOOL_GRAPH_INTERNAL_H
#define IMAGETOOL_GRAPH_INTERNAL_H

#include "imagetool/commit/config_edit.h"
#include "imagetool/dockerfile/expand.h"
#include "imagetool/dockerfile/stages.h"
#include "imagetool/graph/graph.h"
#include "imagetool/graph/vertices.h"

/* Bytes of arena: what a Dockerfile can make of little text ends here. */
#define GRAPH_MEMORY_MAX ((size_t)512 << 20)

/* An answer of calls->image(). */
struct known_image {
	struct vertex_image want;
	struct graph_image image;
	const char *reference; /* with digest */
};

struct builder {
	const struct dockerfile *file;
	const struct graph_options *opts;
	const struct graph_calls *calls;
	struct checks *checks; /* may be NULL */
	struct arena *arena;
	struct graph *graph;
	struct vertices vertices;
	struct vars build_args;
	const char **proxies; /* the hidden environment of steps; ends with NULL */
	size_t n_proxies;
	struct known_image *images;
	size_t n_images, images_cap;
	struct names images_by_name;
	const struct instruction *now; /* for errors */
};

/* One entry of the history, and what came before it. */
struct history {
	const struct history *before;
	struct image_history entry;
	size_t vertex; /* NO_VERTEX: it made no layer */
};

struct stage_build {
	const struct stage *stage;
	size_t number;
	const char *label; /* "build", "stage-1"; "" when there is one without a name */
	const struct platform *platform;
	bool begun, done;
	bool replaced; /* a named context took its place: instructions count for nothing */
	bool no_cache;
	size_t vertex;              /* the tree so far */
	struct image_config config; /* but for history */
	struct config_edit edit;
	struct vars env;                               /* what words and steps see: ENV and ARG */
	struct vars image_env, labels, ports, volumes; /* of the config, see lists.c */
	struct vars args;      /* declared by ARG, here or in a stage this one is built on */
	const char **env_list; /* `env` as steps get it... */
	size_t env_changes;    /* ... when it was like this */
	const struct history *history;
	size_t n_history, n_base_history;   /* the first of them are the base image's */
	const struct instruction *triggers; /* of the base; run before the stage's own */
	size_t n_triggers;
	bool workdir_set;
	bool in_trigger;
	size_t n_steps, step; /* "2/5" */
	bool scan_stage, scan_context;
	struct check_stage checked;
};

/* One platform's. */
struct platform_build {
	struct builder *b;
	struct platform target;
	bool implicit;       /* nobody asked for it */
	struct vars globals; /* platform arguments, then ARGs above the first FROM */
	struct vars platform_args;
	struct stages stages;
	struct names by_name; /* stages */
	ssize_t *same_name;   /* of each: the one before it with the same name; -1 */
	struct stage_build *builds;
	bool *needed;
	bool first; /* checks speak once, not for each platform */
};

/* ---- platform.c: arguments that come by themselves ---- */

void platform_args_set(struct vars *v, const struct builder *b, const struct platform *target);
bool platform_is_same(const struct platform *a, const struct platform *b);

/* ---- stage.c: stages one after the other ---- */

/* Makes it if it is not there yet. */
int stage_make(struct platform_build *pb, size_t stage, struct err *e);
int stage_memory_check(const struct platform_build *pb, struct err *e);

/* ---- lists.c ---- */

/* From the config, and back into it. */
void lists_begin(struct stage_build *s, struct arena *a);
void lists_end(struct stage_build *s);

/* ---- base.c: what a stage begins with, and other trees by name ---- */

int base_begin(struct platform_build *pb, struct stage_build *s, struct err *e);
/* A stage that is a context and nothing else. */
int base_begin_context(struct platform_build *pb, struct stage_build *s, const char *name,
		       const struct graph_context *c, struct err *e);
/* As messages call it, which the names of steps may not do. */
const char *stage_label(const struct platform_build *pb, size_t stage);

/* ---- source.c: trees by name ---- */

/* A stage's tree for COPY --from or a mount; `numbers`: also by number. */
int base_source(struct platform_build *pb, struct stage_build *s, const char *name, bool numbers,
		size_t *ret, struct err *e);
/* The stage that is meant: -1: none, it is an image or a context. */
int base_find_stage(struct platform_build *pb, const struct stage_build *s, const char *name,
		    bool numbers, ssize_t *ret, struct err *e);
/* What --build-context says about the name; `ret->kind` may be NONE. */
int context_lookup(struct platform_build *pb, const char *name, struct graph_context *ret,
		   struct err *e);

/* ---- roots.c: vertices that need no other ---- */

int main_context(struct platform_build *pb, size_t *ret, struct err *e);
/* One that holds nothing is scratch. */
bool root_image_is_empty(const struct image_config *c);
int root_image(struct platform_build *pb, const struct stage_build *s,
	       const struct known_image *known, const char *name, size_t *ret, struct err *e);
/* A context that is no image; `context` is its name. */
int root_plain(struct platform_build *pb, const struct graph_context *c, const char *context,
	       const char *name, size_t *ret, struct err *e);
/* The same, not yet in the graph. */
int root_describe(struct platform_build *pb, const struct graph_context *c, const char *context,
		  const char *name, struct vertex *ret, struct err *e);

/* ---- epoch.c ---- */

int epoch_find(struct platform_build *pb, struct err *e);

/* ---- needed.c: which stages a target needs ---- */

int needed_mark(struct platform_build *pb, size_t target, struct err *e);
/* Tells the caller which images are going to be asked for. */
void needed_images(struct platform_build *pb);
/* Does that stage need the wanted one, over whatever other ones? */
bool needed_by(struct platform_build *pb, size_t stage, size_t wanted);
bool needed_is_single(struct platform_build *pb);
/* The last stage of this name before `before`, else any; -1. */
ssize_t stages_find_name(const struct platform_build *pb, const char *name, size_t before);

/* ---- images.c ---- */

int image_lookup(struct builder *b, const struct vertex_image *want, const struct known_image **ret,
		 struct err *e);
/* As registries know it: "docker.io/library/alpine:latest". */
int image_full_name(struct builder *b, const char *name, const char **ret, struct err *e);
/* As people, and --build-context, write it: "alpine". */
const char *image_short_name(struct builder *b, const char *name);

/* ---- words.c: what words of a stage mean ---- */

struct stage_words {
	struct platform_build *pb;
	struct stage_build *s;
	const struct instruction *i;
	struct expand x;
};
/* Undefined variables are reported as found at `i`. */
void words_begin(struct stage_words *w, struct platform_build *pb, struct stage_build *s,
		 const struct instruction *i);
int words_expand(const struct stage_words *w, const char *word, const char **ret, struct err *e);
/* Once per place and rule. */
void report(struct platform_build *pb, enum check_rule rule, const struct instruction *i,
	    const char *message);

/* ---- dispatch.c: one instruction ---- */

int dispatch(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
	     struct err *e);
int dispatch_arg(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		 struct err *e);
int dispatch_config(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		    struct err *e);
int dispatch_workdir(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		     struct err *e);
int dispatch_copy(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		  struct err *e);
int dispatch_run(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		 struct err *e);

/* ---- run_mounts.c ---- */

int run_mounts(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
	       struct vertex_run *run, struct err *e);

#define HISTORY_MAX ((size_t)16 << 20) /* bytes of an entry */

/* ---- history.c: how instructions are written down ---- */

/* A vertex: it made a layer. */
int history_add(struct platform_build *pb, struct stage_build *s, const struct strbuf *text,
		size_t vertex, struct err *e);
/* The base image's. */
void history_take(struct platform_build *pb, struct stage_build *s,
		  const struct image_history *entry, size_t vertex);
/* Go's %q: a text in double quotes. */
void quote_go(struct strbuf *out, const char *text);
/* Go's way to write a duration: "1m30s". */
void duration_go(struct strbuf *out, int64_t nanoseconds);
/* For instructions that only change the config, after they were carried out; words are
 * expanded. */
int history_config(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		   struct err *e);

/* ---- label.c: vertices' names ---- */

/* "[build 2/5] RUN make": counts the stage's steps. `text` as written, "" for the instruction's
 * own; variables are shown with their values. */
const char *step_name(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		      const char *suffix);
const char *from_name(struct platform_build *pb, struct stage_build *s, const char *reference);

/* ---- target.c ---- */

int target_finish(struct platform_build *pb, struct stage_build *s, struct graph_target *ret,
		  struct err *e);

/* ---- url.c ---- */

enum source_kind { SOURCE_PATH, SOURCE_HTTP, SOURCE_GIT };
/* What ADD's source is; *ret is filled in for git, *ret_keeps says that it speaks of the .git
 * directory. */
int source_kind_of(const char *text, struct arena *a, enum source_kind *ret_kind,
		   struct vertex_git *ret, bool *ret_keeps, struct err *e);
/* What a download is called. */
const char *url_file_name(const char *text, struct arena *a);

#endif
