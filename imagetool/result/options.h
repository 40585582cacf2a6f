/* SPDX-License-Identifier: Apache-2.0 */
/* Options of builds that say what becomes of the result. */
#ifndef IMAGETOOL_RESULT_OPTIONS_H
#define IMAGETOOL_RESULT_OPTIONS_H

#include "imagetool/result/outputs.h"
#include "libutil/opts.h"

/* As they were typed. */
struct result_flags {
	struct strv outputs, tags, annotations;
	bool push, load, squash;
	const char *iidfile, *metadata_file, *format;
};

/* Rows for the verb's table; `at` is where its values have a struct result_flags. */
#define RESULT_OPT_ROWS(at)                                                                                \
	{ .letter = 't',                                                                                   \
	  .name = "tag",                                                                                   \
	  .kind = OPT_LIST,                                                                                \
	  .offset = (at) + offsetof(struct result_flags, tags),                                            \
	  .arg = "NAME",                                                                                   \
	  .help = "what the image is called; may be given several times" },                                \
		{ .letter = 'o',                                                                           \
		  .name = "output",                                                                        \
		  .kind = OPT_LIST,                                                                        \
		  .offset = (at) + offsetof(struct result_flags, outputs),                                 \
		  .arg = "DIR|-|type=TYPE[,KEY=VALUE...]",                                                 \
		  .help = "where the result goes: the files in DIR, a tar archive to standard output, or " \
			  "what is told below; may be given several times" },                              \
		{ .name = "push",                                                                          \
		  .kind = OPT_FLAG,                                                                        \
		  .offset = (at) + offsetof(struct result_flags, push),                                    \
		  .help = "short for --output type=registry" },                                            \
		{ .name = "load",                                                                          \
		  .kind = OPT_FLAG,                                                                        \
		  .offset = (at) + offsetof(struct result_flags, load),                                    \
		  .help = "short for --output type=image: into the store, as without --output" },          \
		{ .name = "annotation",                                                                    \
		  .kind = OPT_LIST,                                                                        \
		  .offset = (at) + offsetof(struct result_flags, annotations),                             \
		  .arg = "[PLACE:]KEY=VALUE",                                                              \
		  .help = "an annotation of the manifest, or of PLACE: manifest, manifest[PLATFORM], "     \
			  "manifest-descriptor, index, index-descriptor, several by commas" },             \
		{ .name = "squash",                                                                        \
		  .kind = OPT_FLAG,                                                                        \
		  .offset = (at) + offsetof(struct result_flags, squash),                                  \
		  .help = "one layer for everything that was built on the base image" },                   \
		{ .name = "iidfile",                                                                       \
		  .kind = OPT_STRING,                                                                      \
		  .offset = (at) + offsetof(struct result_flags, iidfile),                                 \
		  .arg = "FILE",                                                                           \
		  .help = "write the image's id there" },                                                  \
		{ .name = "format",                                                                        \
		  .kind = OPT_STRING,                                                                      \
		  .offset = (at) + offsetof(struct result_flags, format),                                  \
		  .arg = "oci|docker",                                                                     \
		  .help = "of images of which --output does not say it, as podman has it: short for "      \
			  "oci-mediatypes=true or false" },                                                \
	{                                                                                                  \
		.name = "metadata-file", .kind = OPT_STRING,                                               \
		.offset = (at) + offsetof(struct result_flags, metadata_file), .arg = "FILE",              \
		.help = "write digests and names there, as JSON"                                           \
	}

/* The same, understood. */
struct result_plan {
	struct result_outputs outputs; /* at least one */
	struct strv tags;              /* full references */
	struct result_annotations annotations;
	bool squash;
	const char *iidfile, *metadata_file; /* borrowed from the flags */
};

/* Before anything is built: -EINVAL says what is wrong.  `ret` must be zeroed. */
int result_plan_make(const struct result_flags *flags, struct result_plan *ret, struct err *e);
void result_plan_done(struct result_plan *p);
AUTO_DEFINE_DONE(result_plan, result_plan_done)

/* Does an output need layers as blobs?  Files alone need no packing. */
bool result_plan_wants_layers(const struct result_plan *p);
/* Does one need the mounted tree? */
bool result_plan_wants_roots(const struct result_plan *p);
/* What layers had best be packed in, so that they are compressed once. */
struct compress_opts result_plan_compression(const struct result_plan *p);

#endif
