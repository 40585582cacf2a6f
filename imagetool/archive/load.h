/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images from archives and layouts into the store.  What they say about
 * themselves is not believed: names are looked up in a table and never reach the
 * file system, digests are checked for form before use and against the content,
 * and an image gets its name only when everything it needs is there.
 */
#ifndef IMAGETOOL_ARCHIVE_LOAD_H
#define IMAGETOOL_ARCHIVE_LOAD_H

#include "imagetool/codec/decompress.h"
#include "imagetool/store/store.h"
#include "libutil/strv.h"

/* Annotation with the full name; ref.name holds the tag only, as containerd and docker write it. */
#define IMAGE_FULL_NAME "io.containerd.image.name"

struct load_opts {
	const char *name;  /* instead of the archive's; only for one image; or NULL */
	int64_t max_bytes; /* that an archive may hold, uncompressed; 0: BUDGET_BYTES */
};

struct load_result {
	struct strv names; /* what was loaded; the digest where there is no name */
};

/* A stream: OCI archive or docker-archive, gzip or zstd around it or not.  One pass, no seeking. */
int load_archive(struct store *s, struct byte_source from, const struct load_opts *opts,
		 struct load_result *ret, struct err *e);
/* What an image of a foreign index.json is called, NULL when nothing: the full name where one is
 * given. */
const char *archive_name_of(const struct image_descriptor *desc);

/* A directory with an OCI layout. */
int load_layout(struct store *s, const char *dir, const struct load_opts *opts,
		struct load_result *ret, struct err *e);

#endif
