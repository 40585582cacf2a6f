/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a zstd:chunked layer keeps its table of contents.
 *
 *   [frames of the tar stream][table][tar-split][footer]
 *                             ^ tail: the rest are zstd frames that decompressors skip
 *
 * Annotations of the layer's descriptor say where the table is and what its digest
 * is.  Nothing of it is believed: see toc.h.
 */
#ifndef IMAGETOOL_CHUNKED_POSITION_H
#define IMAGETOOL_CHUNKED_POSITION_H

#include <stdint.h>

#include "libutil/digest.h"
#include "libutil/err.h"
#include "oci-spec/image_spec.h"

/* Their last part is what follows; podman before 4.5 writes the second. */
#define CHUNKED_KEY          "io.github.containers.zstd-chunked."
#define CHUNKED_KEY_OLD      "io.containers.zstd-chunked."
#define CHUNKED_KEY_CHECKSUM "manifest-checksum"
#define CHUNKED_KEY_POSITION "manifest-position"
#define CHUNKED_KEY_TARSPLIT "tarsplit-position"

/* A skippable frame begins with so many bytes. */
#define CHUNKED_FRAME_HEADER 8
#define CHUNKED_TYPE_CRFS    1
/* Bytes of the table as JSON, and of everything from the table to the end of the blob. */
#define CHUNKED_TOC_MAX  ((int64_t)16 << 20)
#define CHUNKED_TAIL_MAX ((int64_t)24 << 20)

struct chunked_position {
	int64_t tail;                  /* where the tar stream's frames end */
	int64_t toc, toc_len;          /* the compressed table */
	int64_t toc_plain;             /* what it decompresses to */
	char digest[DIGEST_TEXT_SIZE]; /* of the compressed table */
};

/* 1: `ret` is filled; 0: this is no such layer; -EBADMSG: its annotations are wrong. */
int chunked_position(const struct image_descriptor *layer, struct chunked_position *ret,
		     struct err *e);
/* "OFFSET:LENGTH:PLAIN-LENGTH:TYPE", within a blob of `size` bytes. */
int chunked_position_parse(const char *text, int64_t size, struct chunked_position *ret,
			   struct err *e);

#endif
