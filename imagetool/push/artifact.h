/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of any kind in a registry, as the image-spec's "Guidelines for Artifact Usage"
 * has it: a manifest whose layers are the files, each with its name in an annotation,
 * which is how ORAS and podman artifact do it.
 */
#ifndef IMAGETOOL_PUSH_ARTIFACT_H
#define IMAGETOOL_PUSH_ARTIFACT_H

#include "imagetool/pull/progress.h"
#include "imagetool/registry/registry.h"
#include "libutil/strv.h"

#define ARTIFACT_TITLE        "org.opencontainers.image.title"
#define ARTIFACT_TYPE_UNKNOWN "application/vnd.unknown.artifact.v1"
#define ARTIFACT_FILE_TYPE    "application/octet-stream"
#define ARTIFACT_FILES_MAX    1024

/* "FILE[:TYPE]", taken apart.  A part behind the last colon is a type when it looks like one and
 * no file has the whole name. */
struct artifact_file {
	char *path, *type; /* owned */
	char *title;       /* owned; NULL: it gets none */
	char digest[DIGEST_TEXT_SIZE];
	int64_t size;
};
int artifact_file_parse(const char *text, const char *default_type, struct artifact_file *ret,
			struct err *e);
void artifact_file_done(struct artifact_file *f);
AUTO_DEFINE_DONE(artifact_file, artifact_file_done)

/* "type/subtype", as RFC 6838 restricts names.  Pure. */
bool artifact_is_type(const char *text);
/* The name a file gets: its path where that can be one below any directory, else its last part.
 * Pure; owned. */
char *artifact_title(const char *path);
/* May a file of this title be made below a directory?  Pure. */
bool artifact_title_is_safe(const char *title);

struct artifact {
	struct artifact_file *files; /* borrowed; digests are filled in */
	size_t n_files;
	struct artifact_file *config;           /* or NULL: there is none to speak of */
	const char *type;                       /* NULL: of the config, or unknown */
	const struct strv *annotations;         /* KEY=VALUE */
	const struct image_descriptor *subject; /* or NULL */
};

/* Read the files, and write the manifest. */
int artifact_manifest(struct artifact *a, struct strbuf *out, struct err *e);

struct artifact_result {
	char digest[DIGEST_TEXT_SIZE];
	uint64_t size, pushed; /* bytes of all files; that travelled */
	bool fallback;         /* of manifest_put_result */
};

/* `tags` may be none: it is there by its digest. */
int artifact_push(struct registry *r, struct artifact *a, const struct strv *tags,
		  enum blob_progress_mode progress, struct artifact_result *ret, struct err *e);

struct artifact_pull_opts {
	const char *dir;  /* made where it is missing */
	const char *type; /* take files of this media type alone; NULL: all */
	bool keep;        /* refuse to replace a file that is there */
};

/* The files of a manifest into a directory; `ret_paths` (zeroed) gets what was written. */
int artifact_pull(struct registry *r, const char *reference, const struct artifact_pull_opts *opts,
		  struct strv *ret_paths, struct err *e);

#endif
