/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a build ends in: states and configs become images, files, caches.
 *
 * The caller says for each platform which layers there are, as blobs of the store, and what the
 * image's config is but for what the layers say; result_write() makes config, manifest and index,
 * and brings them where --output says.  Nothing is visible under a name before it is complete.
 */
#ifndef IMAGETOOL_RESULT_RESULT_H
#define IMAGETOOL_RESULT_RESULT_H

#include <time.h>

#include "imagetool/registry/registry.h"
#include "imagetool/result/options.h"

/* A layer of the result, from below. */
struct result_layer {
	struct image_descriptor desc; /* media type, digest, size of the blob */
	const char *diff_id;
	/* When the step that made it ran: a build that takes everything from the cache gives the
	 * same image.  Not looked at for a base image's, whose history has it. */
	struct timespec created;
};

struct result_image {
	struct platform platform;
	/* Of `rootfs` and `created` nothing is taken.  Entries of `history` without `created` are
	 * this build's own, but for the first n_base_history; one that is not empty_layer stands
	 * for each layer, and where the instruction's step made none, for none: see
	 * `history_layer`. */
	const struct image_config *config;
	/* For each entry of history: 1 has a layer, 0 has none, whatever empty_layer says.  NULL:
	 * as empty_layer says. */
	const unsigned char *history_layer;
	size_t n_base_history; /* of them, the base image's: not all images say when */
	const struct result_layer *layers;
	size_t n_layers, n_base; /* the first n_base are the base image's */
	/* moby.buildkit.cache.v0 for --cache-to type=inline, base64; NULL: none. */
	const char *inline_cache;
};

/* A statement about one image: an in-toto predicate, JSON. */
struct result_statement {
	const char *predicate_type; /* "https://slsa.dev/provenance/v1" */
	const char *predicate;      /* JSON text */
	size_t len;
	const char *file; /* what it is called beside files: "provenance.json" */
	bool inline_only; /* it is said of images, and not of files */
};
struct result_statements {
	struct result_statement *items;
	size_t n;
};

struct result_calls {
	void *ctx;
	/* The state's tree, to be read: a directory descriptor that is the caller's to close.  For
	 * local and tar outputs.  May be NULL when there is none of these. */
	int (*root)(void *ctx, size_t image, struct err *e);
	/* What is to be attested of an image, once its manifest is there; all in `a`.  May be
	 * NULL. */
	int (*attest)(void *ctx, size_t image, struct arena *a, struct result_statements *ret,
		      struct err *e);
	/* Something takes time: "exporting layers", "pushing ...".  May be NULL. */
	void (*tell)(void *ctx, const char *what);
};

struct result_input {
	struct store *store; /* open for writing */
	const struct result_image *images;
	size_t n;
	bool index; /* one also for a single image (several platforms were asked for) */
	bool has_epoch;
	int64_t epoch; /* SOURCE_DATE_EPOCH */
	bool retimed;  /* no file in this build's layers is later: the solver has seen to it */
	const struct result_plan *plan;
	const struct registry_opts *registry; /* for pushes */
	const struct result_calls *calls;
};

/* What the first image of the outputs has become, for who prints it. */
struct result_made {
	char digest[DIGEST_TEXT_SIZE]; /* of the manifest or index; "": no image was made */
	char config[DIGEST_TEXT_SIZE]; /* "" with an index */
};

int result_write(const struct result_input *in, struct result_made *ret, struct err *e);

#endif
