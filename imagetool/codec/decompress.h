/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer's bytes as its tar stream, whatever it was compressed with: plain,
 * gzip with any number of members, zstd with any number of frames, skippable
 * ones included (tools write both so that parts can be fetched alone; a reader
 * that stops after the first loses files silently).
 *
 * The stream is judged by its first bytes.  The input is hostile: the zstd
 * window is bounded, nothing is allocated by sizes the stream states, and a
 * stream that ends inside a member is an error, never a short result.
 */
#ifndef IMAGETOOL_CODEC_DECOMPRESS_H
#define IMAGETOOL_CODEC_DECOMPRESS_H

#include <stdint.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"
#include "oci-spec/image_spec.h"

/* The largest zstd window accepted, as a power of two: 128 MiB. */
#define ZSTD_WINDOW_LOG_MAX 27

/* Where compressed bytes come from: fills `buf`, returns how many, 0 at the end. */
struct byte_source {
	int (*read)(void *ctx, void *buf, size_t size, struct err *e);
	void *ctx;
};

struct decompress;

/* Looks at the first bytes to learn the kind. */
int decompress_new(struct byte_source from, struct decompress **ret, struct err *e);
/* The same for archives that are no layers: bzip2 and xz, too. */
int decompress_new_archive(struct byte_source from, struct decompress **ret, struct err *e);
void decompress_free(struct decompress *d);
AUTO_DEFINE(decompress, decompress_free)

enum layer_compression decompress_kind(const struct decompress *d);
/* By the first bytes; fewer than four say "plain" unless they are gzip's. */
enum layer_compression compression_detect(const uint8_t *p, size_t len);
/* "gzip", for messages. */
const char *compression_name(enum layer_compression kind);

/* The next piece; *ret points into `d` until the next call.  Returns its length, 0 at the end. */
int decompress_next(struct decompress *d, const uint8_t **ret, struct err *e);
/* The same into a buffer of the caller's, of at least DECOMPRESS_FILL_MIN bytes. */
#define DECOMPRESS_FILL_MIN ((size_t)128 << 10)
int decompress_fill(struct decompress *d, uint8_t *buf, size_t size, struct err *e);

#endif
