/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a layer whose parts can be told apart keeps its table of contents.
 *
 *   zstd:chunked  [frames of the tar stream][table][tar-split][footer]
 *   eStargz       [gzip members of the tar stream][table][footer]
 *                                           ^ tail
 *
 * The tail of zstd:chunked are frames that decompressors skip; annotations of the
 * layer's descriptor say where the table is and what its digest is.  eStargz's table
 * is a file of the tar stream, the last one; only its digest is an annotation, where it
 * is says the footer (stargz.h).  Nothing of it is believed: see toc.h.
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
#define STARGZ_KEY_DIGEST    "containerd.io/snapshot/stargz/toc.digest"
#define STARGZ_KEY_SIZE      "io.containers.estargz.uncompressed-size"

/* A skippable frame begins with so many bytes. */
#define CHUNKED_FRAME_HEADER 8
#define CHUNKED_TYPE_CRFS    1
/* Bytes of the table as JSON, and of everything from the table to the end of the blob. */
#define CHUNKED_TOC_MAX  ((int64_t)16 << 20)
#define CHUNKED_TAIL_MAX ((int64_t)24 << 20)

enum chunked_form { CHUNKED_NONE, CHUNKED_ZSTD, CHUNKED_STARGZ };

struct chunked_position {
	enum chunked_form form;
	int64_t tail;                  /* where the pieces end */
	int64_t toc, toc_len;          /* the compressed table; 0: the footer says it */
	int64_t toc_plain;             /* what it decompresses to, at most */
	char digest[DIGEST_TEXT_SIZE]; /* of the compressed table; eStargz: of its JSON */
};

/* 1: `ret` is filled, of eStargz without places; 0: this is no such layer; -EBADMSG: its
 * annotations are wrong. */
int chunked_position(const struct image_descriptor *layer, struct chunked_position *ret,
		     struct err *e);
/* "OFFSET:LENGTH:PLAIN-LENGTH:TYPE", within a blob of `size` bytes. */
int chunked_position_parse(const char *text, int64_t size, struct chunked_position *ret,
			   struct err *e);

#endif
