/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to do in a build, one vertex each: an image's layers, a directory of the caller, a
 * download, files that are put somewhere, a program that runs.
 *
 * A vertex names its inputs by their numbers in the graph, which are always smaller than its own.
 * All text lives in the graph's arena and is expanded: no variable is left in it.
 */
#ifndef IMAGETOOL_GRAPH_VERTEX_H
#define IMAGETOOL_GRAPH_VERTEX_H

#include "imagetool/dockerfile/dockerfile.h"
#include "imagetool/dockerfile/run_device.h"
#include "imagetool/dockerfile/run_mount.h"
#include "imagetool/platform.h"

#define NO_VERTEX          SIZE_MAX /* scratch: an empty tree */
#define VERTEX_DIGEST_SIZE 72       /* "sha256:", 64 digits, NUL */

enum vertex_kind {
	VERTEX_IMAGE,
	VERTEX_CONTEXT,
	VERTEX_HTTP,
	VERTEX_GIT,
	VERTEX_FILES,
	VERTEX_RUN,
};

/* The layers of an image. */
struct vertex_image {
	const char *reference; /* "docker.io/library/alpine:3.20", with "@digest" when known */
	const char *digest;    /* of the manifest, as the callback resolved it; NULL: it did not */
	struct platform platform;
	const char *layout; /* an OCI layout it comes from; NULL: store or registry */
};

/* Files of the caller: a directory or a tar stream. */
struct vertex_context {
	const char *name; /* --build-context's; "": the main one */
};

/* One file, at the root of a tree of its own under the name `filename`. */
struct vertex_http {
	const char *url;
	const char *filename; /* clean, one component */
	const char *checksum; /* ADD --checksum: "sha256:..."; or NULL */
};

/* A working tree at the root. */
struct vertex_git {
	const char *url;      /* without fragment and query parameters */
	const char *ref;      /* branch, tag or commit; "": the remote's HEAD */
	const char *subdir;   /* "": all of it */
	const char *checksum; /* beginning of the commit's id it must be; or NULL */
	bool keep_git_dir;
	bool submodules;
	bool mtime_commit;    /* files get the commit's time, not that of the checkout */
	bool fetch_by_commit; /* `ref` names what it is called, `checksum` what is fetched */
};

/* Where COPY and ADD take files from; either paths in a tree or one here-document. */
struct files_source {
	size_t from;        /* a vertex; NO_VERTEX with n_paths > 0: scratch, which has nothing */
	const char **paths; /* begin with '/', clean; wildcards as written. With files.parents as
			     * written, because "/./" means something there. */
	size_t n_paths;
	bool unpack;             /* archives are unpacked */
	bool plain;              /* of HTTP and git: no wildcards, `from`'s root is copied */
	const char *inline_name; /* a here-document's, else NULL; mode 0644 */
	const char *content;
	size_t len;
};

/* COPY, ADD; with `mkdir_only` WORKDIR. */
struct vertex_files {
	size_t base;  /* the tree it is put on; NO_VERTEX: scratch; with `link` always */
	size_t above; /* with `link`: the tree that the new layer is stacked on, unseen by it */
	struct files_source *sources;
	size_t n_sources;
	const char *dest;  /* absolute, clean, no slash at its end (but "/") */
	bool dest_is_dir;  /* it was written with a slash at its end, or as "." */
	const char *chown; /* user[:group], names or numbers; or NULL. WORKDIR: the image's user */
	const char *chmod; /* octal or symbolic, checked by the step; or NULL */
	const char **exclude;
	size_t n_exclude;
	bool link, parents;
	bool mkdir_only; /* make `dest` with its parents, mode 0755, `chown` for new ones; no
			    sources */
};

/* RUN --network, --security */
enum run_network { RUN_NETWORK_DEFAULT, RUN_NETWORK_NONE, RUN_NETWORK_HOST };

struct run_mount_at {
	/* Paths and names expanded; target absolute but for a secret or ssh without one; id of a
	 * cache set, with the namespace in front. */
	struct run_mount m;
	size_t from; /* bind, cache: a vertex; NO_VERTEX: an empty tree */
};

/* A program in the tree. */
struct vertex_run {
	size_t base;
	const char **args; /* ends with NULL, as `env` and `hidden_env` do */
	size_t n_args;
	const char **env; /* the image's, ARGs, --network's nothing: NAME=VALUE each once */
	size_t n_env;
	/* The predefined proxy arguments: the process gets them unless `env` has the name; they are
	 * in no key, no history. */
	const char **hidden_env;
	size_t n_hidden_env;
	const char *cwd;      /* absolute; it is made when it is not there */
	const char *user;     /* as USER says it; "": root */
	const char *hostname; /* BUILDKIT_SANDBOX_HOSTNAME; or NULL */
	struct run_mount_at *mounts;
	size_t n_mounts;
	enum run_network network;
	bool insecure;              /* --security=insecure: may only run when the user allowed it */
	struct run_device *devices; /* --device */
	size_t n_devices;
	/* A here-document that begins with "#!": /dev/pipes/NAME, read-only, mode 0755; args[0] is
	 * that path. NULL otherwise. */
	const char *script_name;
	const char *script;
	size_t script_len;
};

struct vertex {
	enum vertex_kind kind;
	union {
		struct vertex_image image;
		struct vertex_context context;
		struct vertex_http http;
		struct vertex_git git;
		struct vertex_files files;
		struct vertex_run run;
	} u;
	const char *name; /* for people, as BuildKit words it: "[build 2/5] RUN make" */
	/* SHA-256 of all that defines it, inputs by their digests; not of names and places. Equal
	 * definitions are one vertex. */
	char digest[VERTEX_DIGEST_SIZE];
	const struct instruction *origin; /* NULL: nobody wrote it */
	const char *stage;                /* of `origin`; "" for what belongs to none */
	const size_t *inputs;             /* each once */
	size_t n_inputs;
	const struct platform *platform;
	bool no_cache; /* --no-cache, --no-cache-filter: is done whatever is known */
};

#endif
