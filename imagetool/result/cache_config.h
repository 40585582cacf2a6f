/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document of a cache: BuildKit's cache config v0, which has layers and records.
 *
 * A record's digest is a key of the solver's and its layer what the step made.  BuildKit counts a
 * record by its inputs, which are links to other records; ours are counted by their keys alone, and
 * one that has a link is another name of that record.  So either program reads the other's
 * documents and finds nothing of use in them.  A record without a layer is a step that changed
 * nothing.
 */
#ifndef IMAGETOOL_RESULT_CACHE_CONFIG_H
#define IMAGETOOL_RESULT_CACHE_CONFIG_H

#include "libutil/alloc.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"
#include "oci-spec/image_spec.h"

#define CACHE_CONFIG_TYPE "application/vnd.buildkit.cacheconfig.v0"
#define CACHE_CONFIG_MAX  ((size_t)16 << 20)
#define CACHE_NONE        (-1)

struct cache_layer {
	const char *digest, *diff_id, *media_type;
	int64_t size;
	int parent; /* the layer below, CACHE_NONE */
	const char *created;
};

struct cache_record {
	char key[72]; /* "sha256:" and 64 digits */
	int layer;    /* CACHE_NONE: it changed nothing */
	int link;     /* the record that this is another name of; CACHE_NONE */
	const char *created;
};

struct cache_config {
	struct cache_layer *layers;
	size_t n_layers;
	struct cache_record *records;
	size_t n_records;
};

void cache_config_encode(const struct cache_config *c, struct strbuf *out);
/* The records alone, as an image's config has them: layers are then the image's. */
void cache_records_encode(const struct cache_config *c, struct strbuf *out);

/* What is of no use to us is left out; what would be wrong in itself (a layer that is not there, a
 * digest that is none) is -IMAGE_EVERIFY.  Memory is of `a`. */
int cache_config_decode(const char *name, const char *text, size_t len, struct arena *a,
			struct cache_config *ret, struct err *e);
int cache_records_decode(const char *name, const char *text, size_t len, size_t n_layers,
			 struct arena *a, struct cache_config *ret, struct err *e);

#endif
