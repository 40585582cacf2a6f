/* SPDX-License-Identifier: Apache-2.0 */
/* --output: what becomes of a result, in BuildKit's words.  Pure. */
#ifndef IMAGETOOL_RESULT_OUTPUTS_H
#define IMAGETOOL_RESULT_OUTPUTS_H

#include "imagetool/chunked/position.h"
#include "imagetool/codec/compress.h"
#include "imagetool/result/annotations.h"
#include "libutil/strv.h"

/* Word after "type=", what it is to people. */
#define OUTPUT_KINDS(X)                                                                            \
	X(LOCAL, "local", "the files, in a directory")                                             \
	X(TAR, "tar", "the files, as a tar archive")                                               \
	X(OCI, "oci", "an OCI layout: a tar archive, or with tar=false a directory")               \
	X(DOCKER, "docker", "what docker save writes; without dest= in the store")                 \
	X(IMAGE, "image", "in the store, and with push=true at the registry of its name")          \
	X(REGISTRY, "registry", "at the registry of its name")                                     \
	X(CACHE_ONLY, "cacheonly", "nothing: only the cache is filled")

enum output_kind {
#define X(kind, word, help) OUTPUT_##kind,
	OUTPUT_KINDS(X)
#undef X
};

enum output_choice { OUTPUT_UNSAID, OUTPUT_NO, OUTPUT_YES };

struct result_output {
	enum output_kind kind;
	char *dest;        /* owned; "-": standard output; NULL where there is none */
	struct strv names; /* full references; none: those of --tag */
	bool has_names;    /* name= was there, though it may be empty */
	enum output_choice push, by_digest, canonical, store, unpack, insecure;
	enum output_choice oci_types, oci_artifact, tar, split, retime;
	bool has_compression, force_compression;
	struct compress_opts compression; /* `level` counts also without `has_compression` */
	enum chunked_form form;           /* of its layers */
	struct result_annotations annotations;
	char *attestation_prefix; /* owned; of files that tell of files; NULL */
};

struct result_outputs {
	struct result_output *items; /* owned */
	size_t n;
};

/* One more: "type=tar,dest=x.tar", "DIR", "-".  -EINVAL says which key is at fault. */
int result_outputs_add(struct result_outputs *o, const char *text, struct err *e);
/* An image in the store, as without --output. */
void result_outputs_add_store(struct result_outputs *o);
void result_outputs_add_registry(struct result_outputs *o);
void result_outputs_done(struct result_outputs *o);

/* Names, comma separated, as full references; "" adds none. */
int result_names_add(struct strv *names, const char *text, struct err *e);

static inline bool result_output_is_files(const struct result_output *o)
{
	return o->kind == OUTPUT_LOCAL || o->kind == OUTPUT_TAR;
}
/* Layers as Docker's manifests can't have them. */
static inline bool result_output_is_oci_only(const struct result_output *o)
{
	return o->form || (o->has_compression && o->compression.kind == LAYER_ZSTD);
}
/* An image that the store keeps. */
static inline bool result_output_is_stored(const struct result_output *o)
{
	return (o->kind == OUTPUT_IMAGE && o->store != OUTPUT_NO) ||
	       (o->kind == OUTPUT_DOCKER && !o->dest);
}
bool result_output_is_pushed(const struct result_output *o);

/* For --help and the manual: a line for each kind. */
struct strbuf;
void result_outputs_help(struct strbuf *out);

#endif
