/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Dockerfile and options become a graph of what has to be done, and for each platform a target: a
 * vertex whose tree is the image's, and the image's config.
 *
 * Pure but for the callbacks.  Rules are those of BuildKit's front end: scopes of ARG and ENV, what
 * a stage hands to those built on it, triggers of base images, names and history.  Only what a
 * target needs is in the graph, and nothing twice.
 */
#ifndef IMAGETOOL_GRAPH_GRAPH_H
#define IMAGETOOL_GRAPH_GRAPH_H

#include "imagetool/dockerfile/check.h"
#include "imagetool/graph/vertex.h"
#include "oci-spec/image_spec.h"

#define GRAPH_VERTICES_MAX  ((size_t)1 << 20)
#define GRAPH_ONBUILD_MAX   1000 /* triggers of one base image */
#define GRAPH_PLATFORMS_MAX 64

/* ---- What is asked for ---- */

struct graph_arg {
	const char *name, *value;
};

struct graph_options {
	const char *target;                 /* --target; NULL or "": the last stage */
	const struct graph_arg *build_args; /* --build-arg; the last of equal names counts */
	size_t n_build_args;
	const struct graph_arg *labels; /* --label */
	size_t n_labels;
	const struct platform *platforms; /* --platform; none: the build platform */
	size_t n_platforms;
	struct platform build_platform;
	bool no_cache;
	const char *const *no_cache_filter; /* stages' names; with none of them and no_cache: all */
	size_t n_no_cache_filter;
	enum run_network network; /* --network: for RUN without its own */
	/* What else steps see and keys must know: --add-host, --ulimit, --shm-size ...; any text.
	 * NULL: nothing. */
	const char *run_salt;
	bool all_stages; /* for --check without --target: every stage is looked at */
};

/* ---- What is asked back ---- */

/* An image as the caller knows it; all of it lives at least as long as the graph. */
struct graph_image {
	const struct image_config *config;
	const char *digest;    /* of the manifest for the platform, or of the index; may be NULL */
	const char *reference; /* what it turned out to be; NULL: as asked */
};

enum graph_context_kind {
	GRAPH_CONTEXT_NONE,   /* there is none of this name */
	GRAPH_CONTEXT_FILES,  /* VERTEX_CONTEXT: the caller has files for it */
	GRAPH_CONTEXT_IMAGE,  /* docker-image://VALUE */
	GRAPH_CONTEXT_LAYOUT, /* oci-layout://: `value` is the reference, `layout` the directory */
	GRAPH_CONTEXT_TARGET, /* target:VALUE, a stage of this file */
	GRAPH_CONTEXT_GIT,    /* VALUE is the URL with fragment */
	GRAPH_CONTEXT_HTTP, /* VALUE is the URL of one file; archives are unpacked by the caller */
};

struct graph_context {
	enum graph_context_kind kind;
	const char *value;
	const char *layout;
};

struct graph_calls {
	/* The config of an image for `want->platform`: from the store, else pulled. */
	int (*image)(void *ctx, const struct vertex_image *want, struct graph_image *ret,
		     struct err *e);
	/* All that image() is going to be asked for, before the first is: they can be fetched side
	 * by side. More may come (ONBUILD COPY --from). May be NULL. */
	void (*images_ahead)(void *ctx, const struct vertex_image *want, size_t n);
	/* --build-context; `name` is as written in the Dockerfile, in small letters, or a whole
	 * reference "docker.io/library/x:latest". May be NULL: there are none. */
	int (*context)(void *ctx, const char *name, struct graph_context *ret, struct err *e);
	/* Does .dockerignore leave out this source of COPY and all below? For the check only; may
	 * be NULL. */
	bool (*ignored)(void *ctx, const char *path);
	/* SOURCE_DATE_EPOCH that names a source: 1, and *ret is the time of this VERTEX_GIT or
	 * VERTEX_HTTP, or with NULL of the main context; 0: it has none.  May be NULL: nothing has
	 * one. */
	int (*source_time)(void *ctx, const struct vertex *v, int64_t *ret, struct err *e);
	void *ctx;
};

/* ---- What comes out ---- */

struct graph_target {
	struct platform platform;
	size_t vertex; /* NO_VERTEX: the image is empty */
	/* Complete but for rootfs.diff_ids and `created`; history has the base's entries in front.
	 * `empty_layer` is what the instruction promises: WORKDIR's layer may turn out empty. */
	struct image_config config;
	/* For each entry of config.history the vertex that makes its layer; NO_VERTEX: none, or the
	 * base image's. */
	size_t *history_vertex;
	size_t n_base_history; /* entries */
	/* The tree from below: at first the image (if any), then each vertex that makes a layer. */
	size_t *layers;
	size_t n_layers;
	const char *stage; /* its name, or number as text */
	/* BUILDKIT_SBOM_SCAN_CONTEXT and _STAGE: what else an SBOM looks at. */
	bool scan_context;
	size_t *scan_vertices;
	const char *const *scan_stages; /* their names */
	size_t n_scan;
};

struct graph {
	struct vertex *items;
	size_t n;
	struct graph_target *targets; /* one for each platform, in the order asked for */
	size_t n_targets;
	bool multi_platform;    /* several platforms, or BUILDKIT_MULTI_PLATFORM: an index */
	bool has_epoch;         /* SOURCE_DATE_EPOCH, as argument or as ARG above the first FROM */
	int64_t epoch;          /* seconds */
	const char *build_name; /* BUILDKIT_BUILD_NAME or NULL */
	bool uses_context;      /* the main one; nobody need look at it otherwise */
	/* After a failure: the place in the file; 0: nowhere in particular. */
	unsigned failed_first_line, failed_last_line;
};

/*
 * `file` and all of `opts` must live as long as the graph, which lives in `a`.  `checks` may be
 * NULL; what is only seen with values is added there, dockerfile_check() is the caller's.
 */
int graph_build(const struct dockerfile *file, const struct graph_options *opts,
		const struct graph_calls *calls, struct checks *checks, struct arena *a,
		struct graph *ret, struct err *e);

#endif
