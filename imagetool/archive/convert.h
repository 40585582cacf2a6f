/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests and indexes between OCI's and Docker's words: the media types of the
 * document, its config and its layers.  Blobs stay what they are.  What is in the wanted
 * words already, and what is no image (attestations, artifacts), keeps every byte; what is
 * rewritten keeps members nobody here knows.
 */
#ifndef IMAGETOOL_ARCHIVE_CONVERT_H
#define IMAGETOOL_ARCHIVE_CONVERT_H

#include "libutil/strbuf.h"
#include "oci-spec/image_spec.h"

enum image_format { IMAGE_AS_IS, IMAGE_OCI, IMAGE_DOCKER };

/* The media type a layer or config has in that format; NULL when it has none (Docker knows no
 * zstd).  Static. */
const char *convert_type(const char *type, enum image_format to);

/* 1: `out` has the new text and *ret_type its media type; 0: it stays as it is. `type` is that of
 * the document. */
int convert_manifest(const char *text, size_t len, const char *type, enum image_format to,
		     struct strbuf *out, const char **ret_type, struct err *e);

/* What became of one member of an index. */
struct converted {
	const char *media_type, *digest;
	int64_t size;
	bool left_out;
};

/* The same for an index, `members` in its order. */
int convert_index(const char *text, size_t len, const char *type, enum image_format to,
		  const struct converted *members, size_t n, struct strbuf *out,
		  const char **ret_type, struct err *e);

#endif
